"""A world to run the platform on: fictional places and people, outbreaks with known truth, and Leicester in 2020.

| to get | call |
| --- | --- |
| the fictional city and county | `world.make_world(seed, scale)` |
| its files in official layouts | `place_files.write_places(world, folder)` |
| an outbreak with known truth | `outbreak.make_outbreak(world, seed, first_day, days)` |
| what laboratories send of it | `outbreak.line_list(outbreak)`, `linelist.write_line_list(path, rows)` |
| the truth | `truth.truth(outbreak)`, `truth.true_counts(outbreak, level)`, `truth.reporting_triangle(outbreak)` |
| results arriving live | `live.demo_outbreak(seed, now)`, `live.live(seed, start, outbreak=…)` |
| a large file for speed | `bulk.benchmark_line_list(rows, seed, postcodes)` |
| Leicester and Leicestershire, 2020 | `leicester.leicester_replay(folder)` |

No Django and no database; everything is a function of its arguments and gives the same bytes on any number of cores.
"""
