"""The published SDK of the IDaaS Developer API against a hub: `sdk.py BASE_URL CLIENT_ID CLIENT_SECRET`.

Every call that the hub answers is made, and every field of every answer is compared with what was asked. What the SDK does
not know, its models lose; what it misses, is `None` here and unequal to what is expected.
"""

import sys
from urllib.parse import urlsplit

from alibabacloud_eiam_developerapi20220225 import models
from alibabacloud_eiam_developerapi20220225.client import Client
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions

INSTANCE, APPLICATION = "idaas_judge", "app_judge"
ROOT, NEVER, SOURCE = "ou_root", -1, "build_in"


class Judge:
    def __init__(self, base, identity, secret):
        place = urlsplit(base)
        config = Config(endpoint=place.netloc, protocol=place.scheme.upper(), region_id="cn-hangzhou", read_timeout=20000)
        self.client = Client(config)
        self.calls, self.compared = set(), 0
        request = models.GenerateTokenRequest(grant_type="client_credentials", client_id=identity, client_secret=secret)
        token = self.client.generate_token_with_options(INSTANCE, APPLICATION, request, {}, RuntimeOptions())
        self.calls.add("generate_token")
        self.same("token type", token.body.token_type, "Bearer")
        assert token.body.expires_in > 0 and token.body.expires_at > 0, token.body
        self.authorization = f"Bearer {token.body.access_token}"

    def call(self, name, *ids, **fields):
        """Makes a call by its name; the answer's body, or nothing."""
        self.calls.add(name)
        words = "".join(word.capitalize() for word in name.split("_"))
        headers = getattr(models, f"{words}Headers")(authorization=self.authorization)
        arguments = [INSTANCE, APPLICATION, *ids]
        request = getattr(models, f"{words}Request", None)
        if request is not None:
            arguments.append(request(**fields))
        answer = getattr(self.client, f"{name}_with_options")(*arguments, headers, RuntimeOptions())
        assert answer.status_code == 200, f"{name}: {answer.status_code}"
        return getattr(answer, "body", None)

    def refused(self, code, status, name, *ids, **fields):
        try:
            self.call(name, *ids, **fields)
        except Exception as error:  # The SDK raises what its own libraries do.
            self.same(f"{name}: code", getattr(error, "code", None), code)
            found = getattr(error, "status_code", None) or (getattr(error, "data", None) or {}).get("statusCode")
            self.same(f"{name}: status", int(found), status)
            return
        raise SystemExit(f"{name} was not refused")

    def same(self, what, found, expected):
        self.compared += 1
        if found != expected:
            raise SystemExit(f"{what}: {found!r} instead of {expected!r}")

    def fields(self, what, found, expected):
        """All fields of a body, and no others but times, which only have to be there."""
        found = dict(found.to_map())
        for name in ("createTime", "updateTime", "registerTime"):
            if name in found:
                assert found.pop(name) > 1_500_000_000_000, f"{what}: {name}"
                self.compared += 1
        self.same(f"{what}: names", sorted(found), sorted(expected))
        for name, value in expected.items():
            self.same(f"{what}: {name}", found[name], value)


def units(judge):
    scope = judge.call("get_application_provisioning_scope")
    judge.fields("scope", scope, {"organizationalUnitIds": [ROOT], "groupIds": []})
    ids = {}
    for name, parent in (("Sales", ROOT), ("North", "Sales"), ("Lab", ROOT)):
        made = judge.call(
            "create_organizational_unit",
            organizational_unit_name=name,
            parent_id=ids.get(parent, parent),
            organizational_unit_external_id=f"ext-{name}",
            description=f"The {name}",
        )
        ids[name] = made.organizational_unit_id

    def unit(name, **more):
        parent = {"Sales": ROOT, "North": ids["Sales"], "Lab": ROOT}[name]
        return {
            "instanceId": INSTANCE,
            "organizationalUnitId": ids[name],
            "organizationalUnitName": name,
            "parentId": parent,
            "organizationalUnitExternalId": f"ext-{name}",
            "organizationalUnitSourceType": SOURCE,
            "organizationalUnitSourceId": INSTANCE,
            "description": f"The {name}",
        } | more

    judge.fields("unit", judge.call("get_organizational_unit", ids["North"]), unit("North"))
    listed = judge.call("list_organizational_units", parent_id=ROOT, page_number=1, page_size=100)
    judge.same("units below the root", {one.organizational_unit_id for one in listed.data}, {ids["Sales"], ids["Lab"]})
    judge.same("how many", listed.total_count, 2)
    listed = judge.call("list_organizational_units", parent_id=ids["Sales"])
    judge.fields("listed unit", listed.data[0], unit("North"))
    above = judge.call("list_organizational_unit_parent_ids", ids["North"])
    judge.same("units above", above.parent_ids, [ids["Sales"], ROOT])
    judge.call("patch_organizational_unit_parent_id", ids["North"], parent_id=ids["Lab"])
    judge.same("moved", judge.call("list_organizational_unit_parent_ids", ids["North"]).parent_ids, [ids["Lab"], ROOT])
    judge.refused("InvalidParameter", 400, "patch_organizational_unit_parent_id", ids["Lab"], parent_id=ids["North"])
    judge.call("patch_organizational_unit", ids["North"], organizational_unit_name="Far north", description="Cold")
    expected = unit("North", organizationalUnitName="Far north", description="Cold", parentId=ids["Lab"])
    judge.fields("patched unit", judge.call("get_organizational_unit", ids["North"]), expected)
    found = judge.call(
        "get_organizational_unit_id_by_external_id",
        organizational_unit_external_id="ext-North",
        organizational_unit_source_type=SOURCE,
        organizational_unit_source_id=INSTANCE,
    )
    judge.same("by external id", found.organizational_unit_id, ids["North"])
    judge.call("delete_organizational_unit", ids["North"])
    judge.refused("EntityNotFound", 404, "get_organizational_unit", ids["North"])
    return ids


def users(judge, unit_ids):
    sales, lab = unit_ids["Sales"], unit_ids["Lab"]
    field = models.CreateUserRequestCustomFields
    ann = judge.call(
        "create_user",
        username="ann",
        primary_organizational_unit_id=sales,
        display_name="Ann Lee",
        email="ann@x.example",
        email_verified=True,
        phone_region="86",
        phone_number="13800000000",
        phone_number_verified=False,
        description="Sells",
        user_external_id="e-1",
        custom_fields=[field(field_name="badge", field_value="7"), field(field_name="floor", field_value="3")],
    ).user_id
    bob = judge.call("create_user", username="bob", primary_organizational_unit_id=ROOT).user_id

    def user(**more):
        return {
            "userId": ann,
            "instanceId": INSTANCE,
            "username": "ann",
            "displayName": "Ann Lee",
            "email": "ann@x.example",
            "emailVerified": True,
            "phoneRegion": "86",
            "phoneNumber": "13800000000",
            "phoneNumberVerified": False,
            "passwordSet": False,
            "status": "enabled",
            "description": "Sells",
            "userExternalId": "e-1",
            "userSourceType": SOURCE,
            "userSourceId": INSTANCE,
            "accountExpireTime": NEVER,
            "lockExpireTime": NEVER,
        } | more

    def whole(**more):
        known = {
            "primaryOrganizationalUnitId": sales,
            "organizationalUnits": [
                {"organizationalUnitId": sales, "organizationalUnitName": "Sales", "primary": True},
            ],
            "groups": [],
            "customFields": [
                {"fieldName": "badge", "fieldValue": "7"},
                {"fieldName": "floor", "fieldValue": "3"},
            ],
        }
        return user(**(known | more))

    judge.fields("user", judge.call("get_user", ann), whole())
    judge.same("defaults", judge.call("get_user", bob).user_external_id, bob)
    judge.refused("EntityAlreadyExists", 409, "create_user", username="ANN", primary_organizational_unit_id=sales)
    judge.refused("EntityNotFound", 404, "create_user", username="eve", primary_organizational_unit_id="ou_none")
    judge.refused("InvalidParameter", 400, "create_user", username="e e", primary_organizational_unit_id=sales)
    judge.refused(
        "InvalidParameter", 400, "create_user", username="eve", primary_organizational_unit_id=sales, email="e@x.example"
    )
    listed = judge.call("list_users", organizational_unit_id=sales, page_number=1, page_size=20)
    judge.same("how many", listed.total_count, 1)
    judge.fields("listed user", listed.data[0], user())
    pages = [judge.call("list_users", page_number=number, page_size=1) for number in (1, 2, 3)]
    judge.same("pages", [len(page.data) for page in pages], [1, 1, 0])
    judge.same("users", {page.data[0].user_id for page in pages[:2]}, {ann, bob})
    judge.same("how many", [page.total_count for page in pages], [2, 2, 2])

    change = models.PatchUserRequestCustomFields
    judge.call(
        "patch_user",
        ann,
        username="ann.lee",
        display_name="Ann L",
        email="lee@x.example",
        email_verified=False,
        phone_region="1",
        phone_number="2125550100",
        phone_number_verified=True,
        custom_fields=[
            change(field_name="badge", field_value="8", operation="replace"),
            change(field_name="floor", operation="remove"),
            change(field_name="car", field_value="red", operation="add"),
        ],
    )
    changed = {
        "username": "ann.lee",
        "displayName": "Ann L",
        "email": "lee@x.example",
        "emailVerified": False,
        "phoneRegion": "1",
        "phoneNumber": "2125550100",
        "phoneNumberVerified": True,
        "customFields": [{"fieldName": "badge", "fieldValue": "8"}, {"fieldName": "car", "fieldValue": "red"}],
    }
    judge.fields("patched user", judge.call("get_user", ann), whole(**changed))
    judge.call("disable_user", ann)
    judge.same("disabled", judge.call("get_user", ann).status, "disabled")
    judge.call("enable_user", ann)
    judge.same("enabled", judge.call("get_user", ann).status, "enabled")
    judge.refused("InvalidParameter", 400, "update_user_password", ann, password="never")

    judge.call("add_user_to_organizational_units", ann, organizational_unit_ids=[lab, sales])
    both = [
        {"organizationalUnitId": sales, "organizationalUnitName": "Sales", "primary": True},
        {"organizationalUnitId": lab, "organizationalUnitName": "Lab", "primary": False},
    ]
    judge.fields("two units", judge.call("get_user", ann), whole(**changed, organizationalUnits=both))
    judge.same("also there", judge.call("list_users", organizational_unit_id=lab).total_count, 1)
    judge.refused("InvalidParameter", 400, "remove_user_from_organizational_units", ann, organizational_unit_ids=[sales])
    judge.call("remove_user_from_organizational_units", ann, organizational_unit_ids=[lab])
    judge.fields("one unit", judge.call("get_user", ann), whole(**changed))
    judge.call("set_user_primary_organizational_unit", ann, organizational_unit_id=lab)
    judge.same("moved", judge.call("get_user", ann).primary_organizational_unit_id, lab)

    judge.same("by name", judge.call("get_user_id_by_username", username="Ann.Lee").user_id, ann)
    judge.same("by e-mail", judge.call("get_user_id_by_email", email="lee@x.example").user_id, ann)
    judge.same("by telephone", judge.call("get_user_id_by_phone_number", phone_number="2125550100").user_id, ann)
    for external, expected in (("e-1", ann), (bob, bob)):
        found = judge.call(
            "get_user_id_by_user_external_id",
            user_external_id=external,
            user_source_type=SOURCE,
            user_source_id=INSTANCE,
        )
        judge.same("by external id", found.user_id, expected)
    judge.refused("EntityNotFound", 404, "get_user_id_by_username", username="nobody")
    return ann, bob


def groups(judge, ann, bob):
    made = [
        judge.call("create_group", group_name=name, group_external_id=f"ext-{name}").group_id
        for name in ("Team red", "Team blue", "Choir")
    ]
    red = made[0]

    def group(name):
        return {
            "groupId": red,
            "instanceId": INSTANCE,
            "groupName": name,
            "groupExternalId": "ext-Team red",
            "groupSourceType": SOURCE,
            "groupSourceId": INSTANCE,
        }

    judge.fields("group", judge.call("get_group", red), group("Team red"))
    token, found = None, []
    while True:
        page = judge.call("list_groups", group_name_start_with="Team", max_results=1, next_token=token)
        judge.same("as many", page.max_results, 1)
        found += [one.group_id for one in page.data]
        token = page.next_token
        if not token:
            break
    judge.same("groups", set(found), set(made[:2]))
    judge.same("how many", judge.call("list_groups").total_count, 3)
    judge.call("add_users_to_group", red, user_ids=[ann, bob])
    judge.call("add_users_to_group", red, user_ids=[ann])
    page = judge.call("list_users_for_group", red, max_results=1)
    judge.same("how many", page.total_count, 2)
    rest = judge.call("list_users_for_group", red, max_results=1, next_token=page.next_token)
    judge.same("users of the group", {page.data[0].user_id, rest.data[0].user_id}, {ann, bob})
    judge.fields("user of the group", page.data[0], {"instanceId": INSTANCE, "userId": min(ann, bob)})
    judge.same("last page", rest.next_token, None)
    of_ann = judge.call("list_groups_for_user", ann)
    judge.fields(
        "group of the user",
        of_ann.data[0],
        {
            "groupId": red,
            "instanceId": INSTANCE,
            "groupMemberRelationSourceType": SOURCE,
            "groupMemberRelationSourceId": INSTANCE,
        },
    )
    shown = [one.to_map() for one in judge.call("get_user", ann).groups]
    judge.same("groups of the user", shown, [{"groupId": red, "groupName": "Team red"}])
    judge.call("remove_users_from_group", red, user_ids=[ann])
    judge.same("left", judge.call("list_groups_for_user", ann).total_count, 0)
    judge.call("patch_group", red, group_name="Team scarlet")
    judge.fields("patched group", judge.call("get_group", red), group("Team scarlet"))
    judge.refused("EntityNotFound", 404, "add_users_to_group", red, user_ids=["user_none"])
    judge.call("delete_group", red)
    judge.refused("EntityNotFound", 404, "get_group", red)


def main():
    judge = Judge(*sys.argv[1:4])
    unit_ids = units(judge)
    ann, bob = users(judge, unit_ids)
    groups(judge, ann, bob)
    judge.call("delete_user", ann)
    judge.refused("EntityNotFound", 404, "get_user", ann)
    judge.authorization = "Bearer of nobody"
    judge.refused("InvalidToken", 401, "get_user", bob)
    if len(judge.calls) < 25:
        raise SystemExit(f"only {len(judge.calls)} calls were made")
    print(f"{len(judge.calls)} calls of the SDK, {judge.compared} values compared: {', '.join(sorted(judge.calls))}")


main()
