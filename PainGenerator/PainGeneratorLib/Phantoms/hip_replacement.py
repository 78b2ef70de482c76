def make_hip_replacement(rng, spacing_mm):
    raise ValueError("later")
