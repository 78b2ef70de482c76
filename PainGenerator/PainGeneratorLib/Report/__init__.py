"""What is written about a case: the report, the tables, the pictures, and the folder that holds them.

Start at :mod:`.case_outputs`, which writes all files of one analysis. :mod:`.report` builds ``report.html`` from the
plain data of :mod:`.content`, with the tables of :mod:`.report_tables`, the pictures of :mod:`.key_images` and
:mod:`.overview`, and the wording of :mod:`.words`. :mod:`.viewer` is the section with three linked planes; its images
are packed by :mod:`.viewer_data`. :mod:`.pdf` makes ``report.pdf`` from the page. :mod:`.tables` writes JSON, CSV and
the terminal's table. :mod:`.output_folder` makes a folder that appears complete or not at all, and
:mod:`.session_export` writes what the user of the panel chose.
"""
