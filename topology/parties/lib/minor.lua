-- Amounts that are written in the minor unit already (Stripe, Chargebee: 33000 is 330.00 EUR, 500 JPY is 500), and unit
-- prices out of what a whole line costs.
local field = lib("field")
local minor = {}

-- Whole numbers only. The yen has no places, so its amounts are whole numbers.
function minor.amount(value, path)
	local amount = money(field.need(value, path, "an amount in the minor unit"), "JPY")
	if not amount then refuse("field-type", path, "is no whole number of the minor unit") end
	return amount
end

-- What may be left out is 0.
function minor.some(value, path)
	if value == nil then return 0 end
	return minor.amount(value, path)
end

-- An integer, or a text like "3.75", of the minor unit as a decimal of the currency itself; nil when it has more than six
-- places.
function minor.major(amount, currency)
	local scale = money("1", currency) -- 100 for USD, 1 for JPY
	if not scale then refuse("currency-unknown", "currency", "is no ISO 4217 currency") end
	return divide(tostring(amount), tostring(scale))
end

-- The price of one unit of a line that costs `amount`: the stated one when it gives the amount, else their quotient.
function minor.price(amount, quantity, stated, currency, path)
	local price = stated and minor.major(stated, currency)
	if price and gross(quantity, price, currency) == amount then return price end
	price = divide(minor.major(amount, currency), quantity)
	if not price then refuse("field-range", path, "must have a quantity of more than 0") end
	if gross(quantity, price, currency) ~= amount then
		hold("price-inexact", path, "no unit price with six places gives this line's amount")
	end
	return price
end

return minor
