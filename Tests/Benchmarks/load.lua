-- Sends one prepared request after the other: wrk … -s load.lua URL -- FILE PAUSE
-- FILE holds the requests that take turns, each in a line: method, path, learner and body, with tabs between them.
-- PAUSE is how long a connection rests between two requests, in milliseconds on average; 0 for no rest.
-- Ends with one line of figures.

local requests = {}
local turn = 0
local pause = 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local method, path, user, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
    local headers = { ["X-User-ID"] = user ~= "" and user or nil, ["Content-Type"] = "application/json" }
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
  pause = tonumber(arguments[2])
  if pause == 0 then delay = nil end
end

-- Between nothing and twice the average, so that connections do not fall into step.
function delay()
  return math.random(0, 2 * pause)
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "figures %d %.6f %.3f %.3f %d\n", summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
