//! The configuration of a hub to which everything is connected, but for the two directories of LDAP.

pub(super) const CONFIG: &str = r#"
[connection.ding]
plugin = "dingtalk"
events = ["receive"]
[connection.ding.settings]
app-key = "dingkanari"
details = "each"
server = "http://127.0.0.1:DING"
new-server = "http://localhost:DING"
[connection.ding.secrets]
app-secret = { env = "DING_APP_SECRET" }
callback-token = { env = "DING_CALLBACK_TOKEN" }
aes-key = { env = "DING_AES_KEY" }
[connection.ding.grants]
http = ["http://127.0.0.1:DING", "http://localhost:DING"]
networks = ["127.0.0.0/8"]
[connection.ding.limits]
call-wall = "30 m"
http-timeout = "10 m"

[connection.desk]
plugin = "csv"
[connection.desk.settings]
file = "desk.csv"
id = "number"
[connection.desk.grants]
files = ["desk.csv"]

[connection.app]
plugin = "scim"
[connection.app.settings]
url = "http://127.0.0.1:SCIM/v2"
[connection.app.secrets]
token = { env = "SCIM_TOKEN" }
[connection.app.grants]
http = ["http://127.0.0.1:SCIM"]
networks = ["127.0.0.0/8"]

[connection.hook]
plugin = "callback"
[connection.hook.settings]
url = "http://127.0.0.1:HOOK/hook"
[connection.hook.secrets]
signing-secret = { env = "APP_SECRET" }
[connection.hook.grants]
http = ["http://127.0.0.1:HOOK"]
networks = ["127.0.0.0/8"]

[connection.file]
plugin = "csv"
[connection.file.settings]
file = "people.csv"
id = "number"
status = { header = "status", enabled = "on", disabled = "off" }
[connection.file.grants]
files = ["people.csv"]

[job.ding]
source = "ding"
absence = { confirmations = 1, min-interval = "0s" }
[job.ding.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ding.account.map]
userName = "source.userid"
displayName = "source.name"
mobile = "source.mobile"
employeeNumber = "source.job_number"
title = "source.title"
orgUnit = "source.departments[0]"
manager = "source.manager"
[job.ding.org-unit.map]
displayName = "source.name"
parent = "source.parent"

[job.ad]
source = "ad"
schedule = { every = "2s", jitter = "0s" }
absence = { confirmations = 1, min-interval = "0s" }
[job.ad.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
[job.ad.account.map]
userName = "source.sAMAccountName"
displayName = "source.displayName"
mobile = "source.mobile"
employeeNumber = "source.employeeNumber"
title = "source.title"
orgUnit = "source.orgUnit"
manager = "source.manager"
[job.ad.org-unit]
unmatched = "ignore"
[job.ad.group]
unmatched = "ignore"
[job.ad.group.map]
displayName = "source.displayName"

# What a service desk corrects goes before what either of both says.
[job.desk]
source = "desk"
[job.desk.account]
key-space = "acme"
correlate = [{ tier = 1, match = ["employeeNumber"] }]
unmatched = "ignore"
[job.desk.account.map]
displayName = "source.name"
mobile = "source.mobile"
employeeNumber = "source.number"
title = "source.title"
manager = "source.manager"
orgUnit = "source.orgUnit"
[job.desk.org-unit]
unmatched = "ignore"
[job.desk.org-unit.map]
displayName = "source.displayName"
parent = "source.parent"

[authority]
default = ["desk", "ding", "ad"]

# Groups follow by rule: what somebody is called, and where he is.
[group.clerks]
display-name = "Clerks"
members = 'account.title == "Clerk" && account.active'
[group.directors]
display-name = "Directors"
members = 'account.title == "Director" && account.active'
[group.finance]
display-name = "All of Finance"
members = 'account.orgPath.contains("Finance") && account.active'

[guard]
create = { floor = 50, percent = 100.0 }
update = { floor = 50, percent = 100.0 }
disable = { floor = 50, percent = 100.0 }
delete = { floor = 50, percent = 100.0 }
remove-member = { floor = 50, percent = 100.0 }

[deliver.ding]
first-delivery = "allow"
on-leave = "delete"
delete-requires = "auto"
[deliver.ding.org-unit]
match = ["source_identifier"]
[deliver.ding.org-unit.map]
name = "orgUnit.displayName"
parent = "orgUnit.parent"
source_identifier = "orgUnit.displayName"
[deliver.ding.account]
match = ["mobile"]
[deliver.ding.account.map]
userid = { from = "account.userName", apply = "on-create" }
name = "account.displayName"
mobile = "account.mobile"
job_number = "account.employeeNumber"
title = "account.title"
departments = "account.orgUnit"
manager = "account.manager"

[deliver.ad]
first-delivery = "allow"
on-leave = "disable"
[deliver.ad.org-unit.map]
ou = "orgUnit.displayName"
parent = "orgUnit.parent"
[deliver.ad.account]
match = ["employeeNumber"]
[deliver.ad.account.map]
cn = "account.displayName"
sn = "account.displayName"
displayName = "account.displayName"
sAMAccountName = "account.userName"
userPrincipalName = 'account.userName + "@ad.test"'
employeeNumber = "account.employeeNumber"
mobile = "account.mobile"
title = "account.title"
manager = "account.manager"
orgUnit = "account.orgUnit"
[deliver.ad.group.map]
cn = "group.displayName"
sAMAccountName = 'Append("g-", group.displayName)'
member = "group.members"

[deliver.ldap]
first-delivery = "allow"
on-leave = "disable"
[deliver.ldap.org-unit.map]
ou = "orgUnit.displayName"
parent = "orgUnit.parent"
[deliver.ldap.account]
match = ["employeeNumber"]
[deliver.ldap.account.map]
uid = "account.userName"
cn = "account.displayName"
sn = "account.displayName"
displayName = "account.displayName"
employeeNumber = "account.employeeNumber"
title = "account.title"
manager = "account.manager"
orgUnit = "account.orgUnit"
[deliver.ldap.group.map]
cn = "group.displayName"
member = "group.members"

[deliver.app]
first-delivery = "allow"
on-leave = "disable"
[deliver.app.account]
match = ["userName"]
[deliver.app.account.map]
userName = "account.userName"
externalId = "account.employeeNumber"
employeeNumber = "account.employeeNumber"
displayName = "account.displayName"
title = "account.title"
department = "account.orgPath"
manager = "account.manager"
[deliver.app.group.map]
displayName = "group.displayName"
members = "group.members"

[deliver.hook]
first-delivery = "allow"
on-leave = "disable"
[deliver.hook.account.map]
id = "account.employeeNumber"
name = "account.displayName"
title = "account.title"
department = "account.orgPath"
manager = "account.manager"
[deliver.hook.group.map]
id = "group.displayName"
name = "group.displayName"
members = "group.members"

[deliver.file]
first-delivery = "allow"
on-leave = "disable"
[deliver.file.account.map]
number = "account.employeeNumber"
name = "account.displayName"
title = "account.title"
department = "account.orgPath"
manager = "account.manager"

[serve]
receive = "127.0.0.1:0"
at-once = 4
"#;
