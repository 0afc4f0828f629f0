-- Finds the changes of one task in a list's log: the ids that a change touched, and the parents that its tasks have or
-- had, so that a task's history also tells of its sub-tasks coming and going. Built from Postgres's own functions, which
-- cost a writer next to nothing; no fastupdate, whose list of what is still to be sorted in is read by every reader and
-- emptied by an unlucky writer. Queries must repeat the expression and the condition word for word
-- (src/repositories/history-sql.ts).
create index change_touched on change using gin ((
  jsonb_path_query_array(effects, '$[*].id')
  || jsonb_path_query_array(effects, '$[*].*.parentId ? (@ != null)')
  || jsonb_path_query_array(prev, '$[*].parentId ? (@ != null)')
)) with (fastupdate = off) where scope_id like 'list:%';
