-- What channels write for a point in time, as RFC 3339. Refused with its path when it is something else.
local dates = {}

local DAY_S = 86400
local months = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

local function wrong(path, text)
	refuse("field-type", path, "is no time: " .. text)
end

-- Year, month and day of a count of days since 1970-01-01, by eras of 400 years that begin in March.
local function civil(days)
	local shifted = days + 719468
	local era = shifted // 146097
	local of_era = shifted - era * 146097
	local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
	local of_year = of_era - (365 * year + year // 4 - year // 100)
	local month = (5 * of_year + 2) // 153
	local day = of_year - (153 * month + 2) // 5 + 1
	month = month < 10 and month + 3 or month - 9
	return year + era * 400 + (month <= 2 and 1 or 0), month, day
end

local function from_epoch(value, unit, path)
	if value == nil then refuse("field-missing", path, "is required: a time") end
	local n = type(value) == "string" and #value <= 18 and math.tointeger(tonumber(value))
	if not n then wrong(path, "a whole number since 1970 is wanted") end
	local seconds, rest = n // unit, n % unit
	local days, of_day = seconds // DAY_S, seconds % DAY_S
	local year, month, day = civil(days)
	if year < 1 or year > 9999 then wrong(path, "a year beyond 9999") end
	return string.format("%04d-%02d-%02dT%02d:%02d:%02d%sZ", year, month, day, of_day // 3600, of_day // 60 % 60, of_day % 60,
		rest > 0 and string.format(".%03d", rest) or "")
end

-- 1484458949000
function dates.epoch_ms(value, path)
	return from_epoch(value, 1000, path)
end

-- 1561479335
function dates.epoch_s(value, path)
	return from_epoch(value, 1, path)
end

-- 2017-08-21 22:22:19, in UTC without saying so
function dates.utc(value, path)
	if value == nil or value == "" then refuse("field-missing", path, "is required: a time") end
	local day, time = string.match(tostring(value), "^(%d%d%d%d%-%d%d%-%d%d)[ T](%d%d:%d%d:%d%d)$")
	if not day then wrong(path, "YYYY-MM-DD HH:MM:SS is wanted") end
	return day .. "T" .. time .. "Z"
end

-- Tue, 05 Mar 2019 21:40:11 +0000
function dates.rfc2822(value, path)
	if value == nil or value == "" then refuse("field-missing", path, "is required: a time") end
	value = tostring(value)
	if #value > 60 then wrong(path, "is too long for a date") end
	local comma = string.find(value, ", ", 1, true)
	local day, name, year, time, zone = string.match(comma and string.sub(value, comma + 2) or value,
		"^(%d%d?) (%a%a%a) (%d%d%d%d) (%d%d:%d%d:%d%d) (%S%S%S%S?%S?)$")
	if zone == "GMT" or zone == "UTC" then zone = "+0000" end
	local hours, minutes = string.match(zone or "", "^([+-]%d%d)(%d%d)$")
	if not hours or not months[name] then wrong(path, "RFC 2822 is wanted, as in Tue, 05 Mar 2019 21:40:11 +0000") end
	return string.format("%s-%02d-%02dT%s%s", year, months[name], tonumber(day), time,
		zone == "+0000" and "Z" or hours .. ":" .. minutes)
end

-- A day without a time is taken as noon UTC, which is the same day from UTC-12 to UTC+11: the prices of that day hold.
local function noon(year, month, day, path)
	local y, m, d = tonumber(year), tonumber(month), tonumber(day)
	local leap = y % 4 == 0 and (y % 100 ~= 0 or y % 400 == 0)
	local last = m == 2 and (leap and 29 or 28) or (m == 4 or m == 6 or m == 9 or m == 11) and 30 or 31
	if y < 1 or m < 1 or m > 12 or d < 1 or d > last then wrong(path, "there is no such day") end
	return string.format("%04d-%02d-%02d", y, m, d), "T12:00:00Z"
end

-- 20260702 or, as before X12 004010, 260702: 70 to 99 are of 1900
function dates.day(value, path)
	if value == nil or value == "" then refuse("field-missing", path, "is required: a date") end
	local century, year, month, day = string.match(tostring(value), "^(%d?%d?)(%d%d)(%d%d)(%d%d)$")
	if not year or #century == 1 then wrong(path, "CCYYMMDD or YYMMDD is wanted") end
	if century == "" then century = year < "70" and "20" or "19" end
	local date, at_noon = noon(century .. year, month, day, path)
	return date .. at_noon
end

-- 02.07.2026, or 02.07.2026 13:46[:40], which says no zone and is taken as UTC
function dates.dotted(value, path)
	if value == nil or value == "" then refuse("field-missing", path, "is required: a date") end
	local day, month, year, rest = string.match(tostring(value), "^(%d%d?)%.(%d%d?)%.(%d%d%d%d)(.*)$")
	local hour, minute, second = string.match(rest or "", "^ (%d%d):(%d%d):?(%d?%d?)$")
	if not day or (rest ~= "" and not hour) then wrong(path, "dd.mm.yyyy or dd.mm.yyyy hh:mm:ss is wanted") end
	local date, at_noon = noon(year, month, day, path)
	if rest == "" then return date .. at_noon end
	if second == "" then second = "00" end
	if hour > "23" or minute > "59" or #second == 1 or second > "59" then wrong(path, "there is no such time of day") end
	return date .. "T" .. hour .. ":" .. minute .. ":" .. second .. "Z"
end

-- xs:date with xs:time, or xs:dateTime alone: 2026-11-20, 09:30:00+01:00. Without a time it is midnight, without a zone UTC.
function dates.xsd(date, time, path)
	if date == nil or date == "" then refuse("field-missing", path, "is required: a date") end
	local day, rest = string.match(#date <= 40 and date or "", "^(%d%d%d%d%-%d%d%-%d%d)(.*)$")
	if not day then wrong(path, "YYYY-MM-DD is wanted") end
	if string.sub(rest, 1, 1) == "T" then time, rest = string.sub(rest, 2), "" end
	time = time or "00:00:00"
	local clock, fraction, zone = string.match(#time <= 40 and time or "", "^(%d%d:%d%d:%d%d)%.?(%d*)(.*)$")
	if not clock then wrong(path, "hh:mm:ss is wanted") end
	if zone == "" then zone = rest end
	if zone == "" then zone = "Z" end
	if zone ~= "Z" and not string.find(zone, "^[+-]%d%d:%d%d$") then wrong(path, "the zone is Z, or as in +01:00") end
	return day .. "T" .. clock .. (fraction ~= "" and "." .. string.sub(fraction, 1, 6) or "") .. zone
end

return dates
