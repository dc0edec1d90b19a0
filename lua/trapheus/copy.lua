--- copy(value, shallow): a copy of plain data, metatables kept; see core.copy.
return require("trapheus.core").copy
