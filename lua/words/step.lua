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
  undo = { "function", "string" },
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
  local hint = name == "undo" and ', such as "none"' or ""
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

local run_undo

--- Begins a step and sees it through. Whoever looks a procedure over sees what undoes it, too.
local function run_step(title, spec)
  local seconds = spec.timeout ~= nil and native.read_seconds("step", "timeout", spec.timeout)
    or nil
  local undo = spec.undo
  native.step_begin(title, {
    why = spec.why,
    covers = spec.covers,
    undo = type(undo) == "function" and "`belay undo` takes it back" or undo,
    verified = spec.verify ~= nil or nil,
  })
  if type(undo) == "function" then
    native.keep_undo(undo)
  end
  local result = native.run_attempts(spec, seconds)
  if type(undo) == "function" and native.world() == "explore" then
    run_undo(title, undo, result)
  end
  return result
end

function run_undo(title, undo, result)
  return run_step("Undo: " .. title, {
    run = function()
      return undo(result)
    end,
  })
end

--- Undoes the completed steps, the last one first; each is a step of its own.
native.on_undo(function()
  local title, undo, result = native.take_undo()
  while title ~= nil do
    if undo == nil then
      native.emit("note", { text = "not undone: " .. title .. ": " .. result })
    else
      run_undo(title, undo, result)
    end
    title, undo, result = native.take_undo()
  end
end)

--- @class step.Spec
--- @field run fun(): any  what it does
--- @field why? string  shown before it runs
--- @field covers? string[]  rows of the owner's runbook
--- @field verify? fun(): boolean  observes only; false fails the step
--- @field undo? fun(result: any)|string  takes it back (`belay undo`), or "none", or how
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
