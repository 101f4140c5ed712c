-- Settings as registers state them: places where people live, learn, work, pray or are tested. Registers are public.

create table places.setting (
  setting_id text not null check (length(setting_id) between 1 and 200),
  kind text not null check (kind in ('care_home', 'school', 'workplace', 'hospital', 'prison', 'hostel', 'hospitality',
                                     'worship', 'test_site', 'other')),
  name text not null check (length(trim(name)) > 0),
  postcode text check (length(postcode) between 5 and 7),
  services text not null default '',
  beds integer check (beds >= 0),
  opened date,
  closed date,
  dataset_id bigint not null,
  primary key (setting_id, kind, dataset_id),
  check (closed is null or opened is null or closed >= opened)
);
create index setting_postcode on places.setting (postcode);
call commonweal.declare_fact('places.setting', 'a setting as one register lists it; a later register says what is so now');
comment on column places.setting.setting_id is 'the register''s own identifier, as records name it; name and postcode where it has none';
comment on column places.setting.postcode is 'upper case, no spaces';

-- The newest word of any register, with where its postcode lies. Not being listed does not close a setting: registers
-- of a part of the country are loaded too.
create view places.setting_now with (security_invoker = true) as
  select s.setting_id, s.kind, s.name, s.postcode, s.services, s.beds, s.opened, s.closed, s.dataset_id,
         p.oa_code, p.lsoa_code, p.msoa_code, p.ward as ward_code, p.scope_code
    from (select distinct on (setting_id, kind) * from places.setting order by setting_id, kind, dataset_id desc) s
    left join places.postcode_now p on p.pcd = s.postcode;
comment on view places.setting_now is 'view: settings as the newest register states them, with the small area and authority of their postcode';

grant select on places.setting, places.setting_now to cw_app, cw_ingest, cw_engine, cw_queue, cw_web, cw_backup;
grant insert on places.setting to cw_ingest;
