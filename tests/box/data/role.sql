-- The role and the database of the owner. The password is an invented one of the box.
CREATE ROLE mastertrade LOGIN PASSWORD :'password';
GRANT pg_monitor TO mastertrade;
CREATE DATABASE mastertrade OWNER mastertrade;
