--- Seeded randomness of the sandbox, one stream per purpose.
---
--- A stream of its own for each purpose keeps a seed comparable: one more poll by the client draws
--- from "read", and does not make the rename take longer.

local random = { new = require "trapheus.stream" }

return random
