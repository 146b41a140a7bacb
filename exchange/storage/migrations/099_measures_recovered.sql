-- A suggestion that came to nothing is closed (recovered), and the sub id may be suggested anew.
DROP INDEX source_measures_open;
CREATE UNIQUE INDEX source_measures_open ON source_measures (seller_id, sub_id)
    WHERE state = 'suggested' OR state = 'in_force';
