--- AWS's query protocol: parameters to a form, an XML reply to a table.
return {
  encode = require "trapheus.aws.query.encode",
  decode = require "trapheus.aws.query.decode",
  fits = require "trapheus.aws.query.fits",
}
