--- The words that do: step, decide, note, evidence, fail, done, try.
--
-- Depends on: words.base. `...`: engine/vm/native.c.
local native = ...

local misuse, show, read_title = native.misuse, native.show, native.read_title

local FIELDS = {
  run = { "function" },
  why = { "string" },
  covers = { "table" },
  verify = { "function" },
  undo = { "string" },
  timeout = { "number", "string" },
}

--- Raises unless a step's field is one and of its type.
local function check_field(title, name, value)
  local kinds = FIELDS[name]
  if kinds == nil then
    misuse("step: '%s': unknown field '%s'", title, show(name))
  end
  for _, kind in ipairs(kinds) do
    if type(value) == kind then
      return
    end
  end
  local wanted = table.concat(kinds, " or a ")
  local hint = name == "undo" and ": say in words how to take it back" or ""
  misuse("step: '%s': '%s' must be a %s, not a %s%s", title, name, wanted, type(value), hint)
end

local function read_spec(title, spec)
  if type(title) ~= "string" or title == "" or title:find("\0", 1, true) then
    misuse("step: the first argument is its title, a string")
  end
  read_title("step: the title", title)
  if type(spec) == "function" then
    return { run = spec }
  end
  if type(spec) ~= "table" or type(spec.run) ~= "function" then
    misuse("step: '%s' needs a function, or a table with run = function() … end", title)
  end
  for name, value in pairs(spec) do
    check_field(title, name, value)
  end
  return spec
end

--- Runs the body: true and its result, or false and an error object.
local function run_body(spec, seconds)
  if seconds == nil then
    return pcall(spec.run)
  end
  local ended = native.gather({ spec.run }, 1, seconds)[1]
  return ended[1], ended[2]
end

--- True when `verify` says so; a false one after a planned operation is assumed.
local function verify(spec)
  if spec.verify == nil then
    return true
  end
  native.verify(true)
  local ok, result = pcall(spec.verify)
  native.verify(false)
  if ok and result then
    return true
  end
  local world, assumed = native.world()
  if assumed ~= nil or world == "explore" then
    return true, nil, assumed
  end
  if not ok then
    return false, native.wrap(result)
  end
  return false, native.error("failed", "verify is false: what the step was to reach is not so")
end

local function end_step(ok, result, assumed)
  if ok then
    native.step_end(assumed and "assumed" or "ok", nil, assumed)
    return result
  end
  native.step_end("failed", result)
  if native.is_checklist() or native.world() == "explore" then
    return nil
  end
  error(result, 0)
end

local function run_step(title, spec)
  local seconds = spec.timeout ~= nil and native.read_seconds("step", "timeout", spec.timeout)
    or nil
  native.step_begin(title, {
    why = spec.why,
    covers = spec.covers,
    undo = spec.undo,
    verified = spec.verify ~= nil or nil,
  })
  local ok, result = run_body(spec, seconds)
  if not ok then
    return end_step(false, native.wrap(result))
  end
  local open = native.unfinished_check()
  if open ~= nil then
    return end_step(
      false,
      native.error("arg", "check '" .. open .. "' was made without a limit")
    )
  end
  local good, why, assumed = verify(spec)
  if not good then
    return end_step(false, why)
  end
  return end_step(true, result, assumed)
end

--- @class step.Spec
--- @field run fun(): any  what it does
--- @field why? string  shown before it runs
--- @field covers? string[]  rows of the owner's runbook
--- @field verify? fun(): boolean  observes only; false fails the step
--- @field undo? string  how to take it back, or "none"; shown before it runs, never run itself
--- @field timeout? number|string  30, "2m"

--- Runs a named part of a procedure and journals it. It fails when `run` raises or `verify` is
--- false; then the procedure stops, or in a checklist goes on (the step gives nil).
---
--- @param title string
--- @param spec step.Spec|fun(): any
--- @return any result  what `run` returned
local function step(title, spec)
  return run_step(title, read_spec(title, spec))
end

--- Names a branch on something that is not measured, so that the journal says which way it went.
---
--- @param question string
--- @param condition any
--- @return any condition
local function decide(question, condition)
  local asked = { question = read_title("decide: the question", question) }
  asked.answer = condition and true or false
  native.emit("decision", asked)
  return condition
end

--- Keeps a remark in the journal.
---
--- @param text string
local function note(text)
  native.no_secret("note", text)
  native.emit("note", { text = show(text) })
end

--- Keeps a named value in the journal.
---
--- @param name string
--- @param value any  plain data
local function evidence(name, value)
  native.no_secret("evidence", { name, value })
  native.emit("evidence", { name = show(name), value = value })
end

--- Fails the step.
---
--- @param why string
local function fail(why)
  native.no_secret("fail", why)
  error(native.error("failed", show(why)), 0)
end

--- Ends the procedure well. Nothing catches it; in a procedure that was called, it ends that one.
---
--- @param text? string
local function done(text)
  native.no_secret("done", text)
  native.done(text ~= nil and show(text) or "")
end

local function finish_try(ok, ...)
  if ok then
    return ...
  end
  return nil, native.wrap((...))
end

--- Calls fn and gives its value, or nil and the error object if it raised.
---
--- @param fn fun(...): any
--- @return any value
--- @return error? err
local function try(fn, ...)
  return finish_try(pcall(fn, ...))
end

native.define("step", step)
native.define("decide", decide)
native.define("note", note)
native.define("evidence", evidence)
native.define("fail", fail)
native.define("done", done)
native.define("try", try)
native.run_step = run_step
native.check_field = check_field
