-- Intake's own index of people holds everything that pages read of them, so this one is no longer asked.
drop index counts.delta_people;
