-- Nothing reads it, and each row version of a status had to be put into it, and so into every index of the table (no HOT).
DROP INDEX order_status_held;
