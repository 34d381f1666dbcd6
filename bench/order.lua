-- POST /v1/orders, each one new: two lines, of the SKUs BENCH-1 … BENCH-n, or both units of BENCH-1 with ONE_SKU.
local run, skus, one = os.getenv("RUN"), tonumber(os.getenv("SKUS")), os.getenv("ONE_SKU")
local n, thread = 0, 0
local body = '{"channel":"web","channel_ref":"%s","currency":"GBP","customer":{"ref":"c-%s","name":"Robin Ash",' ..
    '"phone":"+441134960000","email":"robin@example.org"},"ship_to":{"name":"Robin Ash","phone":"+441134960000",' ..
    '"country":"GB","region":"","city":"Leeds","street":"1 High Street","postcode":"LS1 4DY"},' ..
    '"lines":[{"sku":"BENCH-%d","quantity":1},{"sku":"BENCH-%d","quantity":1}]}'

function request()
    n = n + 1
    local ref = run .. "-" .. n
    local a = one and 1 or (n * 2) % skus + 1
    local b = one and 1 or (n * 2 + 1) % skus + 1
    return wrk.format("POST", nil, {["Content-Type"] = "application/json", ["Idempotency-Key"] = ref,
        ["Authorization"] = "Bearer " .. os.getenv("TOKEN")}, string.format(body, ref, ref, a, b))
end
