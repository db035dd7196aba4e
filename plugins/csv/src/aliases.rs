//! The headers that people write, Chinese and English, and the attribute names that stand for them.

/// Attribute names with the headers that mean them, in the form that [`key`] gives.
const ALIASES: &[(&str, &[&str])] = &[
    (
        "username",
        &[
            "用户名",
            "账户名",
            "帐户名",
            "账号",
            "帐号",
            "登录名",
            "登录账号",
            "login",
            "loginname",
            "account",
            "accountname",
        ],
    ),
    ("display_name", &["显示名", "显示名称", "姓名", "中文名", "name", "fullname"]),
    ("given_name", &["名", "名字", "firstname"]),
    ("family_name", &["姓", "姓氏", "lastname", "surname"]),
    (
        "email",
        &[
            "邮箱",
            "电子邮箱",
            "邮件",
            "电子邮件",
            "邮箱地址",
            "工作邮箱",
            "企业邮箱",
            "mail",
            "emailaddress",
            "workemail",
        ],
    ),
    (
        "mobile",
        &[
            "手机号",
            "手机",
            "手机号码",
            "移动电话",
            "电话号码",
            "phone",
            "phonenumber",
            "mobilephone",
            "mobilenumber",
            "cellphone",
        ],
    ),
    ("area_code", &["区号", "手机区号", "国家码", "phoneregion", "countrycode"]),
    (
        "employee_number",
        &["工号", "员工号", "员工编号", "职工号", "人员编号", "employeeno", "employeeid", "staffid", "staffnumber"],
    ),
    ("title", &["职位", "岗位", "职务", "jobtitle", "position"]),
    ("department", &["部门", "部门名称", "dept", "departmentname"]),
    ("status", &["状态", "账号状态", "账户状态", "在职状态", "员工状态", "state"]),
    (
        "org_path",
        &[
            "所属组织",
            "组织路径",
            "部门路径",
            "组织",
            "组织机构",
            "organizationalunitpath",
            "orgunitpath",
            "organizationpath",
            "departmentpath",
        ],
    ),
    (
        "manager",
        &[
            "上级工号",
            "直属上级工号",
            "主管工号",
            "上级",
            "直属上级",
            "直接上级",
            "主管",
            "直属主管",
            "汇报对象",
            "supervisor",
            "managerid",
        ],
    ),
    ("external_id", &["外部id", "外部编号"]),
    ("hire_date", &["入职日期", "入职时间", "startdate", "hiredate"]),
    ("end_date", &["离职日期", "离职时间", "到期日期", "terminationdate", "leavedate"]),
];

/// Column headers of IDaaS' own extension fields.
const CUSTOM_FIELD: &str = "customFieldMap.";

/// Words in headers of columns that hold passwords: they never leave the file.
const PASSWORDS: &[&str] = &["password", "passwd", "密码", "口令"];

/// The attribute that a header stands for, if the table knows it.
#[must_use]
pub fn known(header: &str) -> Option<String> {
    if let Some(field) = header.strip_prefix(CUSTOM_FIELD) {
        return Some(name(field));
    }
    let key = key(header);
    ALIASES
        .iter()
        .find(|(attribute, headers)| headers.contains(&key.as_str()) || squeeze(attribute) == key)
        .map(|(attribute, _)| (*attribute).to_owned())
}

/// True for a column whose cells must not be read.
#[must_use]
pub fn is_password(header: &str) -> bool {
    let key = key(header);
    PASSWORDS.iter().any(|word| key.contains(word))
}

/// What two ways of writing the same header have in common: width, case, spaces and joints do not count.
#[must_use]
pub fn key(header: &str) -> String {
    squeeze(&clean(header).to_lowercase())
}

/// A header as the name of an attribute: lower case, and one `_` for each run of what can not stand in a name.
#[must_use]
pub fn name(header: &str) -> String {
    let mut name = String::new();
    for character in clean(header).to_lowercase().chars() {
        if character.is_alphanumeric() {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    name
}

fn clean(header: &str) -> String {
    crate::clean::clean(header).into_owned()
}

fn squeeze(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, ' ' | '_' | '-' | '.' | '*' | '　')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_header_in_many_ways() {
        for header in
            ["username", "User Name", "user_name", "USER-NAME", "用户名", " 账户名 ", "ＵｓｅｒＮａｍｅ", "username*"]
        {
            assert_eq!(known(header).as_deref(), Some("username"), "{header}");
        }
        assert_eq!(known("organizationalUnitPath").as_deref(), Some("org_path"));
        assert_eq!(known("phoneRegion").as_deref(), Some("area_code"));
        assert_eq!(known("customFieldMap.cost_center").as_deref(), Some("cost_center"));
        assert_eq!(known("成本中心"), None);
    }

    #[test]
    fn no_header_means_two_attributes() {
        let mut all: Vec<String> =
            ALIASES.iter().flat_map(|(_, headers)| headers.iter().map(|header| key(header))).collect();
        all.extend(ALIASES.iter().map(|(attribute, _)| squeeze(attribute)));
        all.sort();
        let doubles: Vec<&String> = all.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
        // A header that equals its own attribute is no contradiction.
        assert!(
            doubles.iter().all(|double| known(double).is_some_and(|name| squeeze(&name) == **double)),
            "{doubles:?}"
        );
    }

    #[test]
    fn unknown_headers_become_names() {
        assert_eq!(name("Cost Center (EUR)"), "cost_center_eur");
        assert_eq!(name("成本 中心"), "成本_中心");
        assert_eq!(name(" ** "), "");
        assert!(is_password("初始密码") && is_password("Initial Password") && !is_password("Passport"));
    }
}
