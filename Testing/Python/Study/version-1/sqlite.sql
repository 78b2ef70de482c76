BEGIN TRANSACTION;
CREATE TABLE candidate (
	pseudonym TEXT NOT NULL, 
	case_number INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	rank INTEGER, 
	name TEXT NOT NULL, 
	structure TEXT NOT NULL, 
	level TEXT NOT NULL, 
	evidence TEXT NOT NULL, 
	status TEXT NOT NULL, 
	side TEXT, 
	score FLOAT, 
	measures JSON NOT NULL, 
	signs JSON NOT NULL, 
	reader JSON, 
	second_reader JSON, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (pseudonym, case_number, id), 
	CONSTRAINT candidate_case FOREIGN KEY(pseudonym, case_number) REFERENCES imaging_case (pseudonym, number)
);
INSERT INTO "candidate" VALUES('P-001',1,'PG-01',1,'left facet joint L4/L5','facet joint','L4/L5','PET+MR','accepted','left',12.5,'{"suv_max": 3.7}','["joint_fluid"]','{"reader": "A. Reader", "status": "accepted", "time": ""}',NULL,1,0);
CREATE TABLE discussion (
	pseudonym TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	date DATE NOT NULL, 
	physician TEXT NOT NULL, 
	decision TEXT NOT NULL, 
	note TEXT NOT NULL, 
	case_number INTEGER, 
	candidate TEXT NOT NULL, 
	confirmation_kind TEXT, 
	confirmation_date DATE, 
	confirmation_outcome TEXT, 
	relief_percent FLOAT, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (pseudonym, number), 
	CONSTRAINT discussion_patient FOREIGN KEY(pseudonym) REFERENCES patient (pseudonym)
);
INSERT INTO "discussion" VALUES('P-001',1,'2026-01-07','Dr. C','treat','',1,'PG-01','block','2026-01-09','positive',80.0,1,0);
INSERT INTO "discussion" VALUES('P-001',2,'2026-01-08','Dr. C','treat','',1,'PG-01',NULL,NULL,NULL,NULL,1,0);
INSERT INTO "discussion" VALUES('P-001',3,'2026-01-09','Dr. C','treat','',1,'','aspiration',NULL,NULL,NULL,1,0);
CREATE TABLE follow_up (
	pseudonym TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	date DATE NOT NULL, 
	time_point TEXT NOT NULL, 
	analgesic_source TEXT NOT NULL, 
	note TEXT NOT NULL, 
	nrs_back FLOAT, 
	nrs_leg FLOAT, 
	nrs_hip FLOAT, 
	vas_back FLOAT, 
	vas_leg FLOAT, 
	vas_hip FLOAT, 
	odi FLOAT, 
	hoos12_pain FLOAT, 
	hoos12_function FLOAT, 
	hoos12_quality FLOAT, 
	hoos12 FLOAT, 
	hoos_jr FLOAT, 
	analgesic_score FLOAT, 
	pgic INTEGER, 
	injections_since INTEGER, 
	analgesic_rule TEXT, 
	tens BOOLEAN, 
	items JSON NOT NULL, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (pseudonym, number), 
	CONSTRAINT follow_up_patient FOREIGN KEY(pseudonym) REFERENCES patient (pseudonym)
);
INSERT INTO "follow_up" VALUES('P-001',1,'2026-01-03','baseline','','',6.0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,'{}',2,0);
CREATE TABLE history (
	id INTEGER NOT NULL, 
	time TEXT NOT NULL, 
	author TEXT NOT NULL, 
	action TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	pseudonym TEXT NOT NULL, 
	record_key TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	"before" JSON NOT NULL, 
	"after" JSON NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "history" VALUES(1,'2026-02-01T08:00:00+00:00','A. Nurse','added','setting','','name','',1,'{}','{"value": "Low back, first version"}');
INSERT INTO "history" VALUES(2,'2026-02-01T08:00:00+00:00','A. Nurse','added','patient','P-001','','',1,'{}','{"pseudonym": "P-001"}');
INSERT INTO "history" VALUES(3,'2026-02-01T08:00:00+00:00','A. Nurse','added','patient','P-002','','',1,'{}','{"pseudonym": "P-002"}');
INSERT INTO "history" VALUES(4,'2026-02-01T08:00:00+00:00','A. Nurse','added','discussion','P-001','1','',1,'{}','{"physician": "Dr. C"}');
INSERT INTO "history" VALUES(5,'2026-02-01T08:00:00+00:00','A. Nurse','added','discussion','P-001','2','',1,'{}','{"physician": "Dr. C"}');
INSERT INTO "history" VALUES(6,'2026-02-01T08:00:00+00:00','A. Nurse','added','discussion','P-001','3','',1,'{}','{"physician": "Dr. C"}');
INSERT INTO "history" VALUES(7,'2026-02-01T08:00:00+00:00','B. Doctor','corrected','follow-up','P-001','1','typing error',2,'{"nrs_back": 7.0}','{"nrs_back": 6.0}');
CREATE TABLE imaging_case (
	pseudonym TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	scan_date DATE, 
	"group" TEXT NOT NULL, 
	software_version TEXT NOT NULL, 
	created TEXT NOT NULL, 
	result_hash TEXT NOT NULL, 
	protocol JSON NOT NULL, 
	input_hashes JSON NOT NULL, 
	suv_basis JSON NOT NULL, 
	alignment JSON NOT NULL, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (pseudonym, number), 
	CONSTRAINT imaging_case_patient FOREIGN KEY(pseudonym) REFERENCES patient (pseudonym)
);
INSERT INTO "imaging_case" VALUES('P-001',1,'2026-01-04','low-back','0.2.0','2026-01-05T09:00:00+00:00','cc','{"group": "low-back"}','["aa"]','{"path": "BQML/ADMIN"}','{"PET": "aligned"}',1,0);
CREATE TABLE patient (
	pseudonym TEXT NOT NULL, 
	"group" TEXT NOT NULL, 
	pain_side TEXT NOT NULL, 
	prosthesis_side TEXT NOT NULL, 
	left_reason TEXT NOT NULL, 
	note TEXT NOT NULL, 
	enrolled DATE, 
	left_date DATE, 
	arm TEXT, 
	sex TEXT, 
	strata JSON NOT NULL, 
	age_years FLOAT, 
	weight_kg FLOAT, 
	height_m FLOAT, 
	pain_months FLOAT, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (pseudonym)
);
INSERT INTO "patient" VALUES('P-001','low-back','left','','','','2026-01-03',NULL,'guided','F','{"site": "A"}',61.0,NULL,NULL,NULL,1,0);
INSERT INTO "patient" VALUES('P-002','low-back','left','','','','2026-01-03',NULL,NULL,'F','{"site": "A"}',61.0,NULL,NULL,NULL,1,0);
CREATE TABLE registry_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT registry_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "registry_version" VALUES('0001');
CREATE TABLE setting (
	name TEXT NOT NULL, 
	value JSON NOT NULL, 
	version INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "setting" VALUES('name','"Low back, first version"',1);
CREATE TABLE treatment (
	pseudonym TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	date DATE NOT NULL, 
	arm TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	site TEXT NOT NULL, 
	complication TEXT NOT NULL, 
	note TEXT NOT NULL, 
	case_number INTEGER, 
	candidate TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (pseudonym, number), 
	CONSTRAINT treatment_patient FOREIGN KEY(pseudonym) REFERENCES patient (pseudonym)
);
INSERT INTO "treatment" VALUES('P-001',1,'2026-01-12','guided','injection','','none','',1,'PG-01',1,0);
CREATE TABLE visit (
	pseudonym TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	date DATE NOT NULL, 
	kind TEXT NOT NULL, 
	note TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	removed BOOLEAN NOT NULL, 
	PRIMARY KEY (pseudonym, number), 
	CONSTRAINT visit_patient FOREIGN KEY(pseudonym) REFERENCES patient (pseudonym)
);
CREATE TRIGGER history_is_not_changed BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'the history of a registry is never changed'); END;
CREATE TRIGGER history_is_not_deleted BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'the history of a registry is never deleted'); END;
COMMIT;
