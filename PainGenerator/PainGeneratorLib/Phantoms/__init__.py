"""Make digital cases with known lesions: DICOM files, and a file with the truth.

Start at :func:`.case.write_phantom`. :mod:`.low_back` and :mod:`.hip_replacement` build the bodies.
:mod:`.low_back_lesions` and :mod:`.hip_lesions` add the lesions. :mod:`.imaging` makes PET and MR series of both.

The sizes, positions and uptakes in these modules are our estimates of average anatomy and of typical lesions. They are
chosen so that the images look like those of patients; they are not measurements.
"""
