"""Intake: feeds, submissions, results, persons, cases, counts, rejections, orphans and the balance sheet."""
