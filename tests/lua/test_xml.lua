local core = require "trapheus.core"
local tests = {}

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function child(node, name)
  for _, below in ipairs(node) do
    if below.name == name then return below end
  end
end

function tests.nests_elements()
  local root = assert(core.xml.parse '<r:Root xmlns="u" x:a="1">\n <A>1 &lt; 2</A><A/><B><C> </C></B>\n</r:Root>')
  assert(root.name == "Root" and root.text == nil and #root == 3)
  assert(root.attributes.xmlns == "u" and root.attributes["x:a"] == "1")
  assert(root[1].text == "1 < 2" and #root[1] == 0 and root[1].attributes == nil)
  assert(root[2].text == "" and root[3].text == nil and root[3][1].text == " ")
  assert(core.xml.parse("<a>x<b/>y</a>").text == "xy")
end

function tests.reads_recorded_replies()
  local reply = assert(core.xml.parse(read "tests/data/protocols/responses/rds-describe-db-snapshots.xml"))
  local list = child(child(reply, "DescribeDBSnapshotsResult"), "DBSnapshots")
  assert(child(list[1], "DBSnapshotIdentifier").text == "mydbsnapshot")
  local sample = read "tests/data/samples/011-rds-DescribeDBInstances-404.response.http"
  local body = sample:match "\r?\n\r?\n(.*)$"
  assert(child(child(assert(core.xml.parse(body)), "Error"), "Code").text == "DBInstanceNotFound")
end

function tests.what_is_no_document_is_an_answer()
  for text, code in pairs {
    ["<a><b></a>"] = "EPARSE", ["<a><b>cut"] = "EPARSE", [""] = "EPARSE", ["<!DOCTYPE a><a/>"] = "EREFUSED",
    [("<a>"):rep(33) .. ("</a>"):rep(33)] = "ETOOBIG",
  } do
    local node, err = core.xml.parse(text)
    assert(node == nil and err.code == code and err.message:find "^XML: ", text)
  end
end

function tests.a_list_may_have_a_metatable()
  for _, metatable in ipairs { false, {} } do
    local reading = { members = { L = { "list", { item = "integer", metatable = metatable or nil } } } }
    local found = core.xml.decode("<R><L><E>1</E><E>2</E></L></R>", { members = { R = { "root", reading } } }).root
    assert(#found.list == 2 and found.list[2] == 2 and getmetatable(found.list) == (metatable or nil))
  end
end

function tests.reads_the_deepest_document()
  local node = assert(core.xml.parse(("<a>"):rep(32) .. ("</a>"):rep(32)))
  for _ = 1, 31 do node = node[1] end
  assert(#node == 0 and node.text == "")
end

function tests.an_escaped_text_is_read_back_as_it_was()
  for _, text in ipairs { "", "plain", "&", "a < b > c & \"d\" 'e'\r\n", ("<"):rep(3000) .. "\u{e9}" } do
    local escaped = core.xml.escape(text)
    assert(not escaped:find '[<>"\r]', escaped)
    assert(core.xml.parse("<a>x" .. escaped .. "</a>").text == "x" .. text, escaped)
  end
  assert(core.xml.escape "&lt;" == "&amp;lt;")
end

return tests
