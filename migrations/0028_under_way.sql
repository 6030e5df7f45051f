-- What holds back retention, again; and what `tributary mirror load` asks and may.
--
-- An order is under way until it is at its end, or has stood still for 180 days with nothing about it that waits for anybody: one that
-- was dismissed stays where it is, one that is short waits for stock that may never come. Its row, its books and what was decided
-- stay; what goes is the timeline of its old days, and should something still come for it, that is written into the day of then.
-- Of an order that was cancelled while a person looked at it the hold and the gate are still there, and nobody will lift them; its
-- messages that wait, if there are any, count as before.
CREATE OR REPLACE VIEW orders_under_way AS
SELECT order_id, 'is ' || t.state AS because
FROM orders JOIN order_status s USING (order_id) JOIN order_states t USING (rank)
WHERE rank NOT IN (80, 90) AND s.updated_at > now() - interval '180 days'
UNION ALL SELECT order_id, 'is ' || hold_reason || ' at ' || hold_stage FROM order_status WHERE hold_reason IS NOT NULL AND rank <> 90
UNION ALL SELECT order_id, 'has a gate at ' || queue FROM gates
	WHERE NOT EXISTS (SELECT FROM order_status s WHERE s.order_id = gates.order_id AND s.rank = 90)
UNION ALL SELECT order_id, 'has a message parked at ' || queue FROM parked
UNION ALL SELECT order_id, 'has an open exception, ' || code FROM exceptions WHERE state IN ('open', 'releasing')
UNION ALL SELECT order_id, 'has an open dead letter, ' || code FROM dead_letters WHERE state IN ('open', 'replaying')
UNION ALL SELECT order_id, 'has an effect ' || state FROM effects WHERE state IN ('prepared', 'in_doubt')
UNION ALL SELECT order_id, 'has an open reservation of ' || item_no FROM reservations r JOIN order_status s USING (order_id)
	WHERE r.state = 'open' AND s.updated_at > now() - interval '180 days'
UNION ALL SELECT order_id, 'has messages under way' FROM audit_trails JOIN documents USING (document_id)
UNION ALL SELECT CASE WHEN scope = 'order' THEN subject::uuid END, 'has a finding, ' || check_name FROM audit_findings
	WHERE cleared_at IS NULL AND scope = 'order';

-- `tributary mirror load --as-of` asks for what has shipped since an export, while it holds the stock's locks.
CREATE INDEX confirmations_confirmed_at ON confirmations USING brin (confirmed_at) WITH (pages_per_range = 16, autosummarize = on);

-- `tributary mirror load` takes nothing out of these, and of stock it says what is on hand: what is reserved is allocate's.
REVOKE DELETE ON warehouses, customers, items, stock FROM tributary_operator;
REVOKE INSERT, UPDATE ON stock FROM tributary_operator;
GRANT INSERT (item_no, warehouse, on_hand_micro), UPDATE (on_hand_micro) ON stock TO tributary_operator;
