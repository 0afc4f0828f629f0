-- Fills what was stored before 0011, which holds up no writer, then finds the changes of a task by the new column. Most
-- changes touch one task: a B-tree takes the next of them at a fraction of what GIN does, whose lists are unpacked and
-- packed again. No fastupdate for the rest, whose list of what is still to be sorted in is read by every reader and
-- emptied by an unlucky writer. Queries must ask in the same two halves (src/repositories/history-sql.ts). A process of
-- the version before answers for a task's history as before, but slowly, until it is replaced.
update change set touched = touched_tasks(effects, prev)
  where scope_id like 'list:%' and touched is null and effects <> '[]';

create index change_touched_one on change ((touched[1])) where cardinality(touched) = 1;
create index change_touched_many on change using gin (touched) with (fastupdate = off) where cardinality(touched) > 1;
drop index change_touched;
