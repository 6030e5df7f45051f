-- Reads of orders' states: ids out of the file BENCH_IDS, one after the other.
local ids, n = {}, 0
for id in io.lines(os.getenv("BENCH_IDS")) do ids[#ids + 1] = id end
function request()
	n = n % #ids + 1
	return wrk.format("GET", "/v1/orders/" .. ids[n], {Authorization = "Bearer " .. os.getenv("BENCH_KEY")})
end
