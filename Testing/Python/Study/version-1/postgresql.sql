SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE FUNCTION public.history_is_kept() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN RAISE EXCEPTION 'the history of a registry is never changed'; END$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.candidate (
    pseudonym text NOT NULL,
    case_number integer NOT NULL,
    id text NOT NULL,
    rank integer,
    name text NOT NULL,
    structure text NOT NULL,
    level text NOT NULL,
    evidence text NOT NULL,
    status text NOT NULL,
    side text,
    score double precision,
    measures json NOT NULL,
    signs json NOT NULL,
    reader json,
    second_reader json,
    version integer NOT NULL,
    removed boolean NOT NULL
);
CREATE TABLE public.discussion (
    pseudonym text NOT NULL,
    number integer NOT NULL,
    date date NOT NULL,
    physician text NOT NULL,
    decision text NOT NULL,
    note text NOT NULL,
    case_number integer,
    candidate text NOT NULL,
    confirmation_kind text,
    confirmation_date date,
    confirmation_outcome text,
    relief_percent double precision,
    version integer NOT NULL,
    removed boolean NOT NULL
);
CREATE TABLE public.follow_up (
    pseudonym text NOT NULL,
    number integer NOT NULL,
    date date NOT NULL,
    time_point text NOT NULL,
    analgesic_source text NOT NULL,
    note text NOT NULL,
    nrs_back double precision,
    nrs_leg double precision,
    nrs_hip double precision,
    vas_back double precision,
    vas_leg double precision,
    vas_hip double precision,
    odi double precision,
    hoos12_pain double precision,
    hoos12_function double precision,
    hoos12_quality double precision,
    hoos12 double precision,
    hoos_jr double precision,
    analgesic_score double precision,
    pgic integer,
    injections_since integer,
    analgesic_rule text,
    tens boolean,
    items json NOT NULL,
    version integer NOT NULL,
    removed boolean NOT NULL
);
CREATE TABLE public.history (
    id integer NOT NULL,
    "time" text NOT NULL,
    author text NOT NULL,
    action text NOT NULL,
    kind text NOT NULL,
    pseudonym text NOT NULL,
    record_key text NOT NULL,
    reason text NOT NULL,
    version integer NOT NULL,
    before json NOT NULL,
    after json NOT NULL
);
CREATE SEQUENCE public.history_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.history_id_seq OWNED BY public.history.id;
CREATE TABLE public.imaging_case (
    pseudonym text NOT NULL,
    number integer NOT NULL,
    scan_date date,
    "group" text NOT NULL,
    software_version text NOT NULL,
    created text NOT NULL,
    result_hash text NOT NULL,
    protocol json NOT NULL,
    input_hashes json NOT NULL,
    suv_basis json NOT NULL,
    alignment json NOT NULL,
    version integer NOT NULL,
    removed boolean NOT NULL
);
CREATE TABLE public.patient (
    pseudonym text NOT NULL,
    "group" text NOT NULL,
    pain_side text NOT NULL,
    prosthesis_side text NOT NULL,
    left_reason text NOT NULL,
    note text NOT NULL,
    enrolled date,
    left_date date,
    arm text,
    sex text,
    strata json NOT NULL,
    age_years double precision,
    weight_kg double precision,
    height_m double precision,
    pain_months double precision,
    version integer NOT NULL,
    removed boolean NOT NULL
);
CREATE TABLE public.registry_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.setting (
    name text NOT NULL,
    value json NOT NULL,
    version integer NOT NULL
);
CREATE TABLE public.treatment (
    pseudonym text NOT NULL,
    number integer NOT NULL,
    date date NOT NULL,
    arm text NOT NULL,
    kind text NOT NULL,
    site text NOT NULL,
    complication text NOT NULL,
    note text NOT NULL,
    case_number integer,
    candidate text NOT NULL,
    version integer NOT NULL,
    removed boolean NOT NULL
);
CREATE TABLE public.visit (
    pseudonym text NOT NULL,
    number integer NOT NULL,
    date date NOT NULL,
    kind text NOT NULL,
    note text NOT NULL,
    version integer NOT NULL,
    removed boolean NOT NULL
);
ALTER TABLE ONLY public.history ALTER COLUMN id SET DEFAULT nextval('public.history_id_seq'::regclass);
INSERT INTO public.candidate VALUES ('P-001', 1, 'PG-01', 1, 'left facet joint L4/L5', 'facet joint', 'L4/L5', 'PET+MR', 'accepted', 'left', 12.5, '{"suv_max": 3.7}', '["joint_fluid"]', '{"reader": "A. Reader", "status": "accepted", "time": ""}', NULL, 1, false);
INSERT INTO public.discussion VALUES ('P-001', 1, '2026-01-07', 'Dr. C', 'treat', '', 1, 'PG-01', 'block', '2026-01-09', 'positive', 80, 1, false);
INSERT INTO public.discussion VALUES ('P-001', 2, '2026-01-08', 'Dr. C', 'treat', '', 1, 'PG-01', NULL, NULL, NULL, NULL, 1, false);
INSERT INTO public.discussion VALUES ('P-001', 3, '2026-01-09', 'Dr. C', 'treat', '', 1, '', 'aspiration', NULL, NULL, NULL, 1, false);
INSERT INTO public.follow_up VALUES ('P-001', 1, '2026-01-03', 'baseline', '', '', 6, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, '{}', 2, false);
INSERT INTO public.history VALUES (1, '2026-02-01T08:00:00+00:00', 'A. Nurse', 'added', 'setting', '', 'name', '', 1, '{}', '{"value": "Low back, first version"}');
INSERT INTO public.history VALUES (2, '2026-02-01T08:00:00+00:00', 'A. Nurse', 'added', 'patient', 'P-001', '', '', 1, '{}', '{"pseudonym": "P-001"}');
INSERT INTO public.history VALUES (3, '2026-02-01T08:00:00+00:00', 'A. Nurse', 'added', 'patient', 'P-002', '', '', 1, '{}', '{"pseudonym": "P-002"}');
INSERT INTO public.history VALUES (4, '2026-02-01T08:00:00+00:00', 'A. Nurse', 'added', 'discussion', 'P-001', '1', '', 1, '{}', '{"physician": "Dr. C"}');
INSERT INTO public.history VALUES (5, '2026-02-01T08:00:00+00:00', 'A. Nurse', 'added', 'discussion', 'P-001', '2', '', 1, '{}', '{"physician": "Dr. C"}');
INSERT INTO public.history VALUES (6, '2026-02-01T08:00:00+00:00', 'A. Nurse', 'added', 'discussion', 'P-001', '3', '', 1, '{}', '{"physician": "Dr. C"}');
INSERT INTO public.history VALUES (7, '2026-02-01T08:00:00+00:00', 'B. Doctor', 'corrected', 'follow-up', 'P-001', '1', 'typing error', 2, '{"nrs_back": 7.0}', '{"nrs_back": 6.0}');
INSERT INTO public.imaging_case VALUES ('P-001', 1, '2026-01-04', 'low-back', '0.2.0', '2026-01-05T09:00:00+00:00', 'cc', '{"group": "low-back"}', '["aa"]', '{"path": "BQML/ADMIN"}', '{"PET": "aligned"}', 1, false);
INSERT INTO public.patient VALUES ('P-001', 'low-back', 'left', '', '', '', '2026-01-03', NULL, 'guided', 'F', '{"site": "A"}', 61, NULL, NULL, NULL, 1, false);
INSERT INTO public.patient VALUES ('P-002', 'low-back', 'left', '', '', '', '2026-01-03', NULL, NULL, 'F', '{"site": "A"}', 61, NULL, NULL, NULL, 1, false);
INSERT INTO public.registry_version VALUES ('0001');
INSERT INTO public.setting VALUES ('name', '"Low back, first version"', 1);
INSERT INTO public.treatment VALUES ('P-001', 1, '2026-01-12', 'guided', 'injection', '', 'none', '', 1, 'PG-01', 1, false);
SELECT pg_catalog.setval('public.history_id_seq', 7, true);
ALTER TABLE ONLY public.candidate
    ADD CONSTRAINT candidate_pkey PRIMARY KEY (pseudonym, case_number, id);
ALTER TABLE ONLY public.discussion
    ADD CONSTRAINT discussion_pkey PRIMARY KEY (pseudonym, number);
ALTER TABLE ONLY public.follow_up
    ADD CONSTRAINT follow_up_pkey PRIMARY KEY (pseudonym, number);
ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.imaging_case
    ADD CONSTRAINT imaging_case_pkey PRIMARY KEY (pseudonym, number);
ALTER TABLE ONLY public.patient
    ADD CONSTRAINT patient_pkey PRIMARY KEY (pseudonym);
ALTER TABLE ONLY public.registry_version
    ADD CONSTRAINT registry_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.treatment
    ADD CONSTRAINT treatment_pkey PRIMARY KEY (pseudonym, number);
ALTER TABLE ONLY public.visit
    ADD CONSTRAINT visit_pkey PRIMARY KEY (pseudonym, number);
CREATE TRIGGER history_is_kept BEFORE DELETE OR UPDATE OR TRUNCATE ON public.history FOR EACH STATEMENT EXECUTE FUNCTION public.history_is_kept();
ALTER TABLE ONLY public.candidate
    ADD CONSTRAINT candidate_case FOREIGN KEY (pseudonym, case_number) REFERENCES public.imaging_case(pseudonym, number);
ALTER TABLE ONLY public.discussion
    ADD CONSTRAINT discussion_patient FOREIGN KEY (pseudonym) REFERENCES public.patient(pseudonym);
ALTER TABLE ONLY public.follow_up
    ADD CONSTRAINT follow_up_patient FOREIGN KEY (pseudonym) REFERENCES public.patient(pseudonym);
ALTER TABLE ONLY public.imaging_case
    ADD CONSTRAINT imaging_case_patient FOREIGN KEY (pseudonym) REFERENCES public.patient(pseudonym);
ALTER TABLE ONLY public.treatment
    ADD CONSTRAINT treatment_patient FOREIGN KEY (pseudonym) REFERENCES public.patient(pseudonym);
ALTER TABLE ONLY public.visit
    ADD CONSTRAINT visit_patient FOREIGN KEY (pseudonym) REFERENCES public.patient(pseudonym);
