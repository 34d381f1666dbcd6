-- GET of one path after the other, of the file PATHS; the requests are written before the clock runs.
local requests, n = {}, 0

function init()
    for path in io.lines(os.getenv("PATHS")) do
        requests[#requests + 1] = wrk.format("GET", path, {["Authorization"] = "Bearer " .. os.getenv("TOKEN")})
    end
end

function request()
    n = n % #requests + 1
    return requests[n]
end
