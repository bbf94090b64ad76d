--- What becomes of a step: it is done, it fails, or it begins again.
--
-- Depends on: words.base. `...`: engine/vm/native.c.
local native = ...

local function run_body(spec, seconds)
  if seconds == nil then
    return spec.run()
  end
  local ended = native.gather({ spec.run }, 1, seconds)[1]
  if not ended[1] then
    error(ended[2], 0)
  end
  return ended[2]
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

--- One attempt: the result, and the planned operation that it only assumes. Raises.
local function try_step(spec, seconds)
  local result = run_body(spec, seconds)
  local open = native.unfinished_check()
  if open ~= nil then
    error(native.error("arg", "check '" .. open .. "' was made without a limit"), 0)
  end
  local good, why, assumed = verify(spec)
  if not good then
    error(why, 0)
  end
  return result, assumed
end

--- What a person says of a change of which nobody knows what became.
local function ask_doubt(n, summary, target, detail)
  local answer = native.put({
    kind = "doubt",
    n = n,
    question = "Was this done? " .. summary,
    why = "It was sent, its answer never came, and neither its server nor `verify` can tell. "
      .. "done: it happened, go on; redo: it did not, send it again; undo: it happened, stop and "
      .. "undo the completed steps, not this one; abort: stop, it stays in doubt.",
    target = target,
    detail = detail,
    options = { "done", "redo", "undo", "abort" },
  })
  if answer == "done" then
    native.end_doubt(n, "done", "a person says so")
  elseif answer == "redo" then
    native.end_doubt(n, "not done", "a person says so")
  end
  if answer == "undo" or answer == "abort" then
    native.abort("a person ended the run at a doubt: " .. summary, answer == "undo")
  end
end

--- Before a step begins again: what became of its changes, by its `verify`, else by a person.
local function resolve_doubts(spec)
  local n, summary, target, detail = native.doubt()
  while n ~= nil do
    local done = false
    if spec.verify ~= nil then
      native.verify(true)
      local ok, result = pcall(spec.verify)
      native.verify(false)
      done = ok and result
    end
    if done then
      native.end_doubt(n, "done", "the step's verify is true")
    else
      ask_doubt(n, summary, target, detail)
    end
    n, summary, target, detail = native.doubt()
  end
end

--- What is to become of a step that has failed: "retry", "skip" and a reason, or "raise".
local function decide_failed(why)
  local choice, reason = native.step_failed(why)
  if choice == "abort" or choice == "abort and undo" then
    native.abort(
      "a person ended the run at a failed step: " .. tostring(why),
      choice ~= "abort"
    )
    return "retry"
  end
  return choice, reason
end

local function fail_step(why)
  native.step_end("failed", why)
  if native.is_checklist() or native.world() == "explore" then
    return nil
  end
  error(why, 0)
end

local function finish_step(result, assumed)
  native.step_end(assumed and "assumed" or "ok", nil, assumed, result)
  return result
end

local function run_attempts(spec, seconds)
  local state, result, assumed = native.attempt(try_step, spec, seconds)
  while state ~= "ok" do
    local choice, reason = "retry", nil
    if state == "failed" then
      result = native.wrap(result)
      state, choice, reason = native.attempt(decide_failed, result)
      choice = state == "again" and "retry" or choice
    end
    if choice == "raise" then
      return fail_step(result)
    elseif choice == "skip" then
      native.emit("note", { text = "skipped: " .. (reason or "no reason given") })
      native.step_end("skipped")
      return nil
    end
    native.begin_again(choice == "redo")
    state, result, assumed = native.attempt(function()
      resolve_doubts(spec)
      return try_step(spec, seconds)
    end)
  end
  return finish_step(result, assumed)
end

native.run_attempts = run_attempts
