-- Countries and regions as ISO 3166 has them.
local text = lib("text")
local places = {}

local alpha3 = {
	USA = "US", CAN = "CA", MEX = "MX", GBR = "GB", DEU = "DE", FRA = "FR", ITA = "IT", ESP = "ES", NLD = "NL", IRL = "IE",
	AUS = "AU", NZL = "NZ", JPN = "JP", IND = "IN", BRA = "BR", CHN = "CN", PRI = "PR",
}

local states = {
	US = {
		alabama = "AL", alaska = "AK", arizona = "AZ", arkansas = "AR", california = "CA", colorado = "CO", connecticut = "CT",
		delaware = "DE", ["district of columbia"] = "DC", florida = "FL", georgia = "GA", hawaii = "HI", idaho = "ID",
		illinois = "IL", indiana = "IN", iowa = "IA", kansas = "KS", kentucky = "KY", louisiana = "LA", maine = "ME",
		maryland = "MD", massachusetts = "MA", michigan = "MI", minnesota = "MN", mississippi = "MS", missouri = "MO",
		montana = "MT", nebraska = "NE", nevada = "NV", ["new hampshire"] = "NH", ["new jersey"] = "NJ", ["new mexico"] = "NM",
		["new york"] = "NY", ["north carolina"] = "NC", ["north dakota"] = "ND", ohio = "OH", oklahoma = "OK", oregon = "OR",
		pennsylvania = "PA", ["rhode island"] = "RI", ["south carolina"] = "SC", ["south dakota"] = "SD", tennessee = "TN",
		texas = "TX", utah = "UT", vermont = "VT", virginia = "VA", washington = "WA", ["west virginia"] = "WV",
		wisconsin = "WI", wyoming = "WY", ["puerto rico"] = "PR", guam = "GU",
	},
	CA = {
		alberta = "AB", ["british columbia"] = "BC", manitoba = "MB", ["new brunswick"] = "NB",
		["newfoundland and labrador"] = "NL", ["northwest territories"] = "NT", ["nova scotia"] = "NS", nunavut = "NU",
		ontario = "ON", ["prince edward island"] = "PE", quebec = "QC", saskatchewan = "SK", yukon = "YT",
	},
}

-- US for US, us and USA; what is not known stays as it is, for the contract to judge.
function places.country(code)
	code = text.some(code)
	if not code then return nil end
	return alpha3[code] or (#code == 2 and string.upper(code)) or code
end

-- TX for TX, tx and Texas; elsewhere, and what is not known, as it was written.
function places.region(name, country)
	local known = states[country or ""]
	name = text.free(name, 64)
	if not name or not known then return name end
	return known[string.lower(name)] or (#name == 2 and string.upper(name)) or name
end

-- The country that a state's or province's code is of, for formats that name only foreign countries: US, CA or nil.
function places.country_of(region)
	for country, names in pairs(states) do
		for _, code in pairs(names) do
			if code == region then return country end
		end
	end
	return nil
end

return places
