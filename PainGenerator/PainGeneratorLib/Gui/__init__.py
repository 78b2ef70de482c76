"""The panel in Slicer: widgets, views and mouse over a :class:`..Session.session.Session`; the only room with Qt.

Start with :class:`.panel.Panel`, which owns the sections and runs the steps. Each ``..._section`` module is one
collapsible part of the panel; :mod:`.session_needs` says what it needs of the session. ``section`` and ``guard`` hold
what all sections share, ``worker`` runs long steps in a thread, ``parameter_node`` declares the settings of the panel,
``words`` holds texts. ``slice_views``, ``layouts``, ``projection``, ``layer_overlays``, ``mirror``, ``clicks`` and
``points`` act on the views. ``self_test`` is the walk of a radiologist that Slicer's own self test runs.
"""
