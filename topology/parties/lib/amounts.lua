-- Amounts that need more than reading: more places than the currency has, a price from a total.
local amounts = {}

-- In minor units, rounded half to even: for channels that count in four places.
function amounts.rounded(value, currency, path)
	if value == nil or value == "" then refuse("field-missing", path, "is required: an amount of " .. tostring(currency)) end
	local minor = type(value) == "string" and type(currency) == "string" and gross("1", value, currency)
	if not minor then refuse("field-type", path, "is no amount of " .. tostring(currency)) end
	return minor
end

-- The same, and 0 for what is missing.
function amounts.rounded_or_zero(value, currency, path)
	if value == nil or value == "" then return 0 end
	return amounts.rounded(value, currency, path)
end

-- Minor units as the text of a decimal: 1999 USD is 19.99.
function amounts.decimal(minor, currency)
	return divide(tostring(minor), tostring(gross("1", "1", currency)))
end

-- The price of one unit, as text. The stated price when quantity times it gives the total, else total / quantity, which
-- must give the total back; price may be nil. total_minor is what `total` is in minor units.
function amounts.unit_price(price, total, total_minor, quantity, currency, path)
	if type(quantity) ~= "string" then refuse("field-type", path, "must be divided by a quantity that is a number") end
	if type(price) == "string" and gross(quantity, price, currency) == total_minor then return price end
	local per_unit = divide(total, quantity)
	if not per_unit then refuse("field-range", path, "must be divided by a quantity that is more than 0") end
	if gross(quantity, per_unit, currency) ~= total_minor then
		hold("price-inexact", path, "no unit price with six places gives this total")
	end
	return per_unit
end

-- The exact product of two decimals, as text; nil when one is none, or their digits are more than 18.
function amounts.times(a, b)
	local whole_a, rest_a = string.match(#a <= 18 and a or "", "^(%d+)%.?(%d*)$")
	local whole_b, rest_b = string.match(#b <= 18 and b or "", "^(%d+)%.?(%d*)$")
	if not whole_a or not whole_b then return nil end
	local x, y = math.tointeger(tonumber(whole_a .. rest_a)), math.tointeger(tonumber(whole_b .. rest_b))
	if #tostring(x) + #tostring(y) > 18 then return nil end
	local digits, places = tostring(x * y), #rest_a + #rest_b
	if places == 0 then return digits end
	digits = string.rep("0", places + 1 - #digits) .. digits
	return string.sub(digits, 1, #digits - places) .. "." .. string.sub(digits, -places)
end

-- The price of one unit when `price` is that of `basis` units: 3.75 of 100 is 0.0375. Held when six places cannot say it so
-- that quantity times it gives the same amount.
function amounts.price_of_one(price, basis, quantity, currency, path)
	local one = divide(price, basis)
	if not one then refuse("field-range", path, "must be a price for a quantity of more than 0") end
	local exact = amounts.times(quantity, price)
	exact = exact and divide(exact, basis)
	if not exact or gross(quantity, one, currency) ~= gross("1", exact, currency) then
		hold("price-inexact", path, "no unit price with six places gives this line's amount")
	end
	return one
end

-- Is none of its digits other than 0? Missing counts as 0.
function amounts.is_zero(value)
	if type(value) == "userdata" then return #value == 0 end
	return value == nil or not string.find(tostring(value), "[1-9]")
end

-- A quantity or price as it was written; refused with its path when it is no decimal.
function amounts.number(value, path, what)
	if value == nil or value == "" then refuse("field-missing", path, "is required: " .. what) end
	if type(value) ~= "string" or not divide(value, "1") then refuse("field-type", path, "is no decimal with up to six places") end
	return value
end

-- A whole number as a Lua integer.
function amounts.whole(value, path)
	if value == nil then refuse("field-missing", path, "is required: a whole number") end
	if type(value) ~= "string" then refuse("field-type", path, "is no whole number") end
	local n = #value <= 18 and math.tointeger(tonumber(value))
	if not n then
		local plain = divide(value, "1") -- 2.000 is whole, too
		n = plain and #plain <= 18 and math.tointeger(tonumber(plain))
	end
	if not n then refuse("field-type", path, "is no whole number") end
	return n
end

-- A decimal in millionths as an integer, for sums and comparisons of quantities; nil when it is none or too long.
function amounts.micro(value)
	local sign, whole, rest = string.match(value and #value <= 20 and value or "", "^(%-?)(%d+)%.?(%d*)$")
	if not sign or #whole > 12 or #rest > 6 then return nil end
	local n = math.tointeger(tonumber(whole .. rest .. string.rep("0", 6 - #rest)))
	return sign == "-" and -n or n
end

-- The product of two decimals as text, rounded half to even to six places; nil when it has more than 12 digits.
function amounts.product(a, b)
	local a_sign, a_whole, a_rest = string.match(a, "^(%-?)(%d+)%.?(%d*)$")
	local b_sign, b_whole, b_rest = string.match(b, "^(%-?)(%d+)%.?(%d*)$")
	if not a_sign or not b_sign or #a_whole + #a_rest + #b_whole + #b_rest > 12 then return nil end
	local n = math.tointeger(tonumber(a_whole .. a_rest)) * math.tointeger(tonumber(b_whole .. b_rest))
	local digits = #a_rest + #b_rest
	for _ = digits, 5 do n = n * 10 end
	if digits > 6 then
		local unit = math.tointeger(tonumber("1" .. string.rep("0", digits - 6)))
		local rest = n % unit
		n = n // unit
		if rest * 2 > unit or (rest * 2 == unit and n % 2 == 1) then n = n + 1 end
	end
	return divide(string.format("%s%d.%06d", a_sign ~= b_sign and n > 0 and "-" or "", n // 1000000, n % 1000000), "1")
end

-- quantity times unit_price of a line as it is returned, in minor units.
function amounts.gross(line, currency, path)
	local minor = gross(line.quantity, line.unit_price, currency)
	if not minor then refuse("money-range", path, "quantity times price is no amount of " .. tostring(currency)) end
	return minor
end

-- What lines and adjustments, as they are returned, add up to; for documents that state no total. Taxes are on top.
function amounts.total(lines, adjustments, currency)
	local total = 0
	for i, l in ipairs(lines) do
		total = total + amounts.gross(l, currency, "lines[" .. (i - 1) .. "]") - (l.discount_minor or 0) + (l.tax_minor or 0)
	end
	for _, a in ipairs(adjustments) do total = total + a.amount_minor + (a.tax_minor or 0) end
	return total
end

return amounts
