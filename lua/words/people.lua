--- The words that ask people: confirm, choose, ask, manual.
--
-- Depends on: words.step (native.run_step). `...`: engine/vm/native.c.
local native = ...

--- Asks, or in a dry run assumes; gives the answer's kind and its text. Unanswered ends the run.
local function put(question, assumed, param)
  if native.world() ~= "live" then
    local answer = native.answer(question.question)
    if answer == nil then
      answer = assumed
    end
    question.answer = answer
    native.emit("gate_assumed", question)
    return answer
  end
  local result, text = native.ask(question, param)
  if result == "unanswered" then
    native.stop("waiting", "nobody answered: " .. question.question .. ": run it in a terminal")
  end
  return result, text
end

--- Asks a person to go on. A yes also allows the changes of this step. In a dry run it is
--- assumed.
---
--- @param question string
--- @param opts? { why?: string }
--- @return boolean
local function confirm(question, opts)
  opts = opts or {}
  local answer = put(
    { kind = "confirm", question = tostring(question), why = opts.why, class = "change" },
    "yes"
  )
  if answer == "yes" or answer == true then
    native.allow()
    return true
  end
  return false
end

--- Reads a value that was entered or assumed as the parameter's type.
local function read_value(what, param, text)
  local value, why = native.param_check(param, text)
  if value == nil then
    error(what .. ": " .. why, 3)
  end
  return value
end

--- Asks a person for a value.
---
--- @param question string
--- @param param? table  what it must be: param.integer({ … })
--- @return any value
local function ask(question, param)
  param = param or { type = "string", name = "answer" }
  local asked = { kind = "ask", question = tostring(question), input = param.type }
  if native.world() ~= "live" then
    local answer = put(asked, param.default)
    return answer ~= nil and read_value("ask", param, answer) or nil
  end
  local _, text = put(asked, nil, param)
  return read_value("ask", param, text)
end

local EVIDENCE = { text = "string", number = "number", file = "path" }

--- A step that a person does by hand, with evidence where wanted.
---
--- @param title string
--- @param opts? { why?: string, covers?: string[], evidence?: "text"|"number"|"file" }
--- @return any evidence  what was entered; true without evidence
local function manual(title, opts)
  opts = opts or {}
  local kind = opts.evidence
  if kind ~= nil and EVIDENCE[kind] == nil then
    error('manual: evidence is "text", "number" or "file"', 2)
  end
  local asked = { question = tostring(title), why = opts.why }
  asked.kind = kind == nil and "confirm" or "manual"
  asked.input = kind
  local function run()
    if kind == nil then
      local answer = put(asked, "yes")
      if answer ~= "yes" and answer ~= true then
        error(native.error("rejected", "not done: " .. title), 0)
      end
      return true
    end
    local param = { type = EVIDENCE[kind], name = "evidence" }
    if native.world() ~= "live" then
      return put(asked, nil)
    end
    local _, text = put(asked, nil, param)
    local value = read_value("manual", param, text)
    native.emit("evidence", { name = title, value = value })
    return value
  end
  return native.run_step(title, { run = run, why = opts.why, covers = opts.covers })
end

local function read_options(options)
  local titles, by_title = {}, {}
  for i, option in ipairs(options or {}) do
    local title = type(option) == "table" and option[1]
    if type(title) ~= "string" or type(option.run) ~= "function" then
      error("choose: option " .. i .. " needs a title and run = function() … end", 3)
    end
    titles[i], by_title[title] = title, option
  end
  if #titles == 0 then
    error("choose: give it at least one option", 3)
  end
  return titles, by_title
end

--- Lets a person choose one option, runs it as a step, and gives its title; nil for none of
--- these. An option is a table: its title, then the fields of step.Spec.
---
--- @param question string
--- @param options step.Spec[]
--- @return string? title
local function choose(question, options)
  local titles, by_title = read_options(options)
  local asked = { kind = "choose", question = tostring(question), options = titles }
  local result, text = put(asked, titles[1])
  local title = native.world() == "live" and text or result
  local option = title ~= nil and by_title[title] or nil
  native.emit("decision", { question = asked.question, answer = title or "none of these" })
  if option == nil then
    return nil
  end
  native.run_step(title, {
    run = function()
      native.allow()
      return option.run()
    end,
    why = option.why,
    covers = option.covers,
    verify = option.verify,
    undo = option.undo,
    timeout = option.timeout,
  })
  return title
end

native.define("confirm", confirm)
native.define("ask", ask)
native.define("manual", manual)
native.define("choose", choose)
