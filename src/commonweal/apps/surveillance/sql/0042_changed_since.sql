-- From which instant on a sweep looked at all that changed. A sweep that a person narrows by hand looks at what they chose;
-- what was touched elsewhere before it is still to be swept.
alter table surveillance.sweep add column changed_since timestamptz;
comment on column surveillance.sweep.changed_since is
  'every place whose counts changed after this instant was swept; null for every place, and for places chosen by hand';
