--- Calls services of both protocols, and one without a model, as a user's script would.
local trapheus = require "trapheus"

local function client(service) return trapheus.client(service) end

return function()
  local said = {}
  local ssm, secrets, kms = client "ssm", client "secretsmanager", client "kms"
  for i = 1, 12 do ssm:PutParameter { Name = "/orders/" .. i, Value = "v" .. i, Type = "String" } end
  said.parameter = ssm:GetParameter({ Name = "/orders/3" }).Parameter.Value
  said.parameters = 0
  for _ in ssm:paginate("GetParametersByPath", { Path = "/orders" }) do said.parameters = said.parameters + 1 end
  secrets:CreateSecret { Name = "password", SecretString = "made-up" }
  said.secret = secrets:GetSecretValue({ SecretId = "password" }).SecretString
  local key = kms:CreateKey({ Description = "orders" }).KeyMetadata
  local box = kms:Encrypt { KeyId = key.KeyId, Plaintext = "bytes \0 and \255" }
  said.decrypted = kms:Decrypt({ CiphertextBlob = box.CiphertextBlob }).Plaintext == "bytes \0 and \255"
  local states = client "states"
  states:CreateStateMachine { name = "m", definition = '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}',
    roleArn = "arn:aws:iam::123456789012:role/x" }
  for machine in states:paginate "ListStateMachines" do said.machine = machine.name end
  local _, err = trapheus.try(ssm.GetParameter, ssm, { Name = "/none" })
  said.missing = err.code
  trapheus.request { service = "s3", method = "PUT", path = "/bucket" }
  local name = "/bucket/a%20b%2Bc"
  local put = trapheus.request { service = "s3", method = "PUT", path = name, body = "object",
    headers = { { "content-type", "text/plain" } } }
  said.put = put.status
  said.object = trapheus.request({ service = "s3", path = name, query = { ["response-content-type"] = "a/b" } }).body
  print(trapheus.json.encode(said))
  return 0
end
