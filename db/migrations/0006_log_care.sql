-- Expands only: what the care of the log needs to find (docs/operations.md, "What is removed, and when").

-- Who was erased. It outlives everything else of them: a restored backup has them again, and they are erased from it
-- before anyone sees it. `lists` and `threads`: where they were, noted before they leave, so that an erasure that was cut
-- short goes on where it ended.
create table erasure (
  principal_id text collate "C" primary key,
  asked_at bigint not null default clock_ms(),
  done_at bigint,
  lists text[] not null default '{}',
  threads text[] not null default '{}'
);
create index erasure_open on erasure (asked_at) where done_at is null;

-- What someone said, and what they had answered.
create index message_author on message (author_id);
create index run_asker on run (asker_id);

-- None of the columns in these indexes is written by an ordinary commit, so its updates stay where they are (HOT).
create index task_deleted on task (deleted_at) where deleted_at is not null;
alter table scope add column purged_at bigint;
create index scope_to_purge on scope (gone_at) where gone_at is not null and purged_at is null;
