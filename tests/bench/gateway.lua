-- wrk: orders that nobody sent yet, out of BENCH_TEMPLATE; with BENCH_RATE (per second, of all threads) at that rate; with
-- BENCH_KEYS=1 each with an Idempotency-Key. What was answered is counted at the end.
local ffi = require("ffi")
ffi.cdef("typedef struct { long s, ns; } moment; int clock_gettime(int, moment *);")
local threads = {}
local rate = tonumber(os.getenv("BENCH_RATE") or "0")
local thread_count = tonumber(os.getenv("BENCH_THREADS") or "1")
local with_keys = os.getenv("BENCH_KEYS") == "1"
local moment = ffi.new("moment")
local before, middle, after, headers, due

local function now_ms()
	ffi.C.clock_gettime(1, moment)
	return tonumber(moment.s) * 1000 + tonumber(moment.ns) / 1e6
end

function setup(thread)
	thread:set("id", #threads)
	table.insert(threads, thread)
end

function init()
	local file = assert(io.open(os.getenv("BENCH_TEMPLATE")))
	local text = file:read("*a")
	file:close()
	before, middle, after = text:match("^(.-)@ID@(.-)@ID@(.*)$")
	prefix = os.getenv("BENCH_PREFIX") .. id .. "x"
	number, accepted, refused, others = 0, 0, 0, 0
	headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY")}
end

function request()
	number = number + 1
	local name = prefix .. number
	if with_keys then headers["Idempotency-Key"] = name end
	return wrk.format("POST", nil, headers, before .. name .. middle .. name .. after)
end

if rate > 0 then
	function delay()
		local now, step = now_ms(), 1000 * thread_count / rate
		due = math.max((due or now) + step, now - 100)
		return math.max(0, math.floor(due - now + 0.5))
	end
end

function response(status)
	if status == 202 then accepted = accepted + 1
	elseif status == 429 or status == 503 then refused = refused + 1
	else others = others + 1 end
end

function done(summary, latency)
	local a, r, o, e = 0, 0, 0, summary.errors
	for _, t in ipairs(threads) do
		a, r, o = a + t:get("accepted"), r + t:get("refused"), o + t:get("others")
	end
	print(string.format("figures accepted=%d refused=%d others=%d errors=%d seconds=%.2f p50_us=%d p99_us=%d max_us=%d", a, r, o,
		e.connect + e.read + e.write + e.timeout, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
		latency.max))
end
