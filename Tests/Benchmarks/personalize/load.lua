-- Sends one prepared request after the other: wrk … -s load.lua URL -- METHOD PATH BODY FILE
-- FILE holds the learners that take turns, an id in each line. Ends with one line of figures.

local requests = {}
local turn = 0

function init(arguments)
  local method, path, body, file = arguments[1], arguments[2], arguments[3], arguments[4]
  for user in io.lines(file) do
    local headers = { ["X-User-ID"] = user, ["Content-Type"] = "application/json" }
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
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
