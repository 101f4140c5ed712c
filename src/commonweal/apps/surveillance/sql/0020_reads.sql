-- What pages read, quick for an office of one authority and for one of all of them.

-- A signal is read by whoever reads a change of it. Asked once a query and looked up in a hash: asked for each signal, an office of
-- three hundred authorities searched the changes of all of them as often as there are signals.
drop policy within_scope on surveillance.signal;
create policy within_scope on surveillance.signal for select to cw_app
  using (number in (select c.signal from surveillance.signal_change c));

-- People by the day they became known: one result in ten or twenty, of which the page of a county reads nine weeks.
create index delta_people on counts.delta (scope_ltla, specimen_day) where result = 'case';
