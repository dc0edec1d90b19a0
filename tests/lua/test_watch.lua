--- What many wait for is asked in full pages, where changes are likely; and only who has something to see is woken.
local watch = require "trapheus.watch"
local tests = {}

-- A watch of `count` runs that wait for the same; what is asked is kept in `asked`, round by round.
local function watching(count, about)
  local self = { now_ms = 0, asked = {}, woken = {}, entries = {} }
  self.watch = watch.new({ now_ms = function() return self.now_ms end },
    function(entry) self.woken[#self.woken + 1] = entry.name end)
  self.shelf = { observer = { ask = function(_, _, questions)
    table.move(questions, 1, #questions, #self.asked + 1, self.asked)
  end } }
  for i = 1, count do
    self.entries[i] = { name = i, turn = 1 }
    self.watch:add(self.entries[i], { { shelf = self.shelf, value = "db" .. i, mark = 0 } },
      about or { phase = "restore", since_ms = 0, expected_s = 600 })
  end
  return self
end

-- Rounds of a second; what is asked is answered at once, as `changed(question)` says. The number of pages.
local function pass(self, seconds, changed)
  local pages = 0
  for _ = 1, seconds do
    self.now_ms, self.asked = self.now_ms + 1000, {}
    self.watch:round()
    pages = pages + (#self.asked + 99) // 100
    local new, same = {}, {}
    for _, question in ipairs(self.asked) do table.insert(changed and changed(question) and new or same, question) end
    self.watch:answered(same, new, self.now_ms)
  end
  return pages
end

tests["pages are full"] = function()
  local self = watching(1000)
  local pages, asked = 0, 0
  for _ = 1, 300 do
    pages, asked = pages + pass(self, 1), asked + #self.asked
  end
  assert(pages > 100 and asked / pages > 90, ("%d on %d pages"):format(asked, pages))
end

tests["everything is asked again before long, by few as by many"] = function()
  for _, count in ipairs { 1, 7, 150 } do
    local self, last = watching(count), {}
    for _ = 1, 900 do
      pass(self, 1)
      for _, question in ipairs(self.asked) do last[question.value] = self.now_ms end
    end
    for i = 1, count do assert(self.now_ms - last["db" .. i] <= 30 * 1000, i) end
  end
end

tests["who has something new to see is woken, once, and is not watched any more"] = function()
  local self = watching(10)
  pass(self, 60, function(question) return question.value == "db3" end)
  assert(#self.woken == 1 and self.woken[1] == 3 and self.watch.live == 9)
end

tests["who has looked meanwhile is not woken"] = function()
  local self = watching(10)
  self.entries[3].turn = 2
  pass(self, 60, function(question) return question.value == "db3" end)
  assert(#self.woken == 0 and self.watch.live == 9)
end

tests["who cannot be told of is woken"] = function()
  local self = watching(2)
  pass(self, 0)
  self.watch:round()
  self.now_ms = 60 * 1000
  self.watch:round()
  self.watch:answered({}, self.asked)
  assert(#self.woken == 2 and self.watch.live == 0)
end

tests["where others change it is asked sooner"] = function()
  local function pages(changing)
    local self = watching(1000)
    function self.watch.wake(entry) self.watch:leave(entry) end
    pass(self, 100)
    return pass(self, 60, function(question)
      return changing and question.entry.name % 20 == self.now_ms // 1000 % 20
    end)
  end
  assert(pages(true) > 1.5 * pages(false), ("%d and %d pages"):format(pages(true), pages(false)))
end

tests["what nothing waits for is asked less often"] = function()
  local calm = watching(300, { phase = "delete", since_ms = 0, expected_s = 600, calm = true })
  assert(pass(calm, 600) * 1.5 < pass(watching(300), 600))
end

return tests
