--- pick(from, fields): some fields of a record, in a table with room for all of them; see core.pick.
return require("trapheus.core").pick
