--- stream(seed, purpose): random numbers that a seed determines; see core.stream.
return require("trapheus.core").stream
