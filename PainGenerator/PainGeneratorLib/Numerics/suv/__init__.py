"""Turns PET voxel values into standardized uptake values (SUVbw, g/ml) by what the DICOM header says.

Start at :func:`.factors.compute_suv_factors`: a :class:`.records.PetHeader` goes in, and a :class:`.records.SuvResult`
with factors, provenance and warnings comes out. :mod:`.quantities` reads weight, height, dose and half-life;
:mod:`.times` reads the time of injection and the reference time of the decay correction; :mod:`.body_size` has the
other body sizes that SUV can be normalized by.
"""
