-- GET of one path after the other, of the file PATHS.
local paths, n = {}, 0
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end

function request()
    n = n % #paths + 1
    return wrk.format("GET", paths[n], {["Authorization"] = "Bearer " .. os.getenv("TOKEN")})
end
