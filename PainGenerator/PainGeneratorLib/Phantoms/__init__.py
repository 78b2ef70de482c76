"""Makes digital cases with known lesions, as DICOM files with their truth beside them.

Start at :func:`.case.write_phantom`. :mod:`.low_back` and :mod:`.hip_replacement` build the bodies, the lesions are in
:mod:`.low_back_lesions` and :mod:`.hip_lesions`, and :mod:`.imaging` turns both into PET and MR series.
"""
