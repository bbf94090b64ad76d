--- The words that ask people: confirm, choose, ask, manual.
--
-- Depends on: words.step (native.run_step). `...`: engine/vm/native.c.
local native = ...

local NONE = "none of these"
local YES_OR_NO = { yes = "yes", no = "no", [true] = "yes", [false] = "no" }

--- Raises when the answers file gives what nobody could have answered.
local function check_answer(question, answer)
  if question.options ~= nil then
    for _, title in ipairs(question.options) do
      if title == answer then
        return
      end
    end
    if answer ~= NONE then
      native.misuse(
        "answers: " .. question.question .. ": no such option: " .. tostring(answer)
      )
    end
  elseif question.input == nil and YES_OR_NO[answer] == nil then
    native.misuse("answers: " .. question.question .. ": yes or no, not " .. tostring(answer))
  end
end

--- Asks, or in a dry run assumes; gives the answer's kind and its text. Unanswered ends the run.
local function put(question, assumed, param)
  if native.world() ~= "live" then
    local answer = native.answer(question.question)
    if answer == nil then
      answer = assumed
    else
      check_answer(question, answer)
    end
    if question.input == nil and question.options == nil then
      answer = YES_OR_NO[answer]
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

--- What a person answers to a question of the engine.
function native.put(question)
  local _, text = put(question)
  return text
end

--- Asks a person to go on. A yes also allows the changes of this step. A no gives false and stops
--- nothing: the body has to look. In a dry run yes is assumed.
---
--- @param question string
--- @param opts? { why?: string }
--- @return boolean
local function confirm(question, opts)
  opts = native.read_opts("confirm", opts)
  local answer = put({
    kind = "confirm",
    question = native.read_title("confirm: the question", question),
    why = opts.why,
    class = "change",
  }, "yes")
  if answer ~= "yes" then
    return false
  end
  native.allow()
  return true
end

--- Reads a value that was entered or assumed as the parameter's type.
local function read_value(what, param, text)
  local value, why = native.param_check(param, text)
  if value == nil then
    native.misuse(what .. ": " .. why)
  end
  return value
end

--- A parameter's default as a person would enter it; nil when there is none.
local function show_default(param)
  local default = param.default
  if default == nil or type(default) == "table" then
    return nil
  end
  return tostring(default)
end

--- Asks a person for a value. A secret cannot be asked for: answers are journaled.
---
--- @param question string
--- @param param? table  what it must be: param.integer({ … }); an empty line means its default
--- @return any value
local function ask(question, param)
  param = param or { type = "string", name = "answer" }
  if type(param) ~= "table" or type(param.type) ~= "string" then
    native.misuse("ask: what it must be is a parameter, such as param.integer()")
  elseif param.type == "secret" then
    native.misuse('ask: answers are journaled, secrets are not: use secret("NAME")')
  end
  local asked = {
    kind = "ask",
    question = native.read_title("ask: the question", question),
    input = param.type,
  }
  asked.default = show_default(param)
  if native.world() ~= "live" then
    local answer = put(asked, param.default)
    if answer == nil then
      return nil
    end
    return read_value("ask", param, answer)
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
  opts = native.read_opts("manual", opts)
  local kind = opts.evidence
  if kind ~= nil and EVIDENCE[kind] == nil then
    native.misuse('manual: evidence is "text", "number" or "file"')
  end
  title = native.read_title("manual: the title", title)
  local asked = { question = title, why = opts.why }
  asked.kind, asked.input = "manual", kind
  local function run()
    if kind == nil then
      if put(asked, "yes") ~= "yes" then
        error(native.error("rejected", "not done: " .. title), 0)
      end
      return true
    end
    local param = { type = EVIDENCE[kind], name = "evidence", exists = kind == "file" }
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
  local titles, by_title, reasons = {}, {}, {}
  for i, option in ipairs(native.read_opts("choose", options)) do
    local title = type(option) == "table" and option[1]
    if type(title) ~= "string" or type(option.run) ~= "function" then
      native.misuse("choose: option " .. i .. " needs a title and run = function() … end")
    end
    native.read_title("choose: an option's title", title)
    if by_title[title] ~= nil or title == NONE then
      native.misuse("choose: option " .. i .. ": there is one of that title already: " .. title)
    end
    for name, value in pairs(option) do
      if name ~= 1 then
        native.check_field(title, name, value)
      end
    end
    titles[i], by_title[title], reasons[title] = title, option, option.why
  end
  if #titles == 0 then
    native.misuse("choose: give it at least one option")
  end
  return titles, by_title, reasons
end

--- Lets a person choose one option, runs it as a step, and gives its title; nil for none of
--- these. An option is a table: its title, then the fields of step.Spec.
---
--- @param question string
--- @param options step.Spec[]
--- @return string? title
local function choose(question, options)
  local titles, by_title, reasons = read_options(options)
  local asked = {
    kind = "choose",
    question = native.read_title("choose: the question", question),
    options = titles,
  }
  asked.reasons = next(reasons) ~= nil and reasons or nil
  local result, text = put(asked, titles[1])
  local title = native.world() == "live" and text or result
  local option = title ~= nil and by_title[title] or nil
  native.emit("decision", { question = asked.question, answer = title or NONE })
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
