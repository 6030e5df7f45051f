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

-- Is none of its digits other than 0? Missing counts as 0.
function amounts.is_zero(value)
	if type(value) == "userdata" then return #value == 0 end
	return value == nil or not string.find(tostring(value), "[1-9]")
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

return amounts
