"""Clients of the JSON protocols, and trapheus.request, against moto, which verifies their signatures."""


def test_services_of_every_protocol(peer, program):
    program.environment.update(AWS_ENDPOINT_URL=peer.url, AWS_REGION="us-east-1")
    process = program.start("tests/e2e/services.lua", where={flag: None for flag in program.where})
    result = program.finish(process)
    assert result.code == 0, result
    assert result.document == {
        "parameter": "v3", "parameters": 12, "secret": "made-up", "decrypted": True, "machine": "m",
        "missing": "ParameterNotFound", "put": 200, "object": "object"}, result
