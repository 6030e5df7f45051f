-- Whoever looks for a shipment's reservations knows its order, and order ids come first in the primary key. Three lines an order
-- were in this index twice: when they were reserved, and when they left.
DROP INDEX reservations_shipment;
