"""The two sample registries, from the hand-checked facts of two public plans.

Belongs here: which facts of the plans become registry lines, under which codes, and the few editorial
decisions that takes (they stand at the tables below). Does not belong here: submissions (``feeds``), or
any reading of plan documents (``raw/``). Sentences of the plans are not copied: titles are the plans'
own short headings.

The facts live in a folder outside the project (``default_gold_dir``); where it is absent the committed
registry is what there is, and nothing here can run.
"""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from pathlib import Path

from tests.factories.trees import REGISTRY_COLUMNS, write_registry_table

TITLE_MAX = 40  # a label, not a sentence; all headings of both plans are shorter

ZMD = "zhumadian2021"
WG = "wugang2022"

PROGRAMME_TOML = {
    ZMD: """\
id = "zhumadian2021"
title = "驻马店市2021年优化营商环境行动方案"
issuer = "驻马店市优化营商环境工作领导小组"
start_date = 2021-01-01
end_date = 2021-12-31
report_day = 28
freeze_days = 12

[weights]
tasks = 0.5
indicators = 0.5

[lists]
red = 3
black = 3

[scoring]
late_per_day = 2
late_floor = 60
overdue_cap = 60
yellow_points = -10
blue_days = 10
coverage_min = 0
""",
    WG: """\
id = "wugang2022"
title = "舞钢市2022年营商环境优化提升行动方案"
issuer = "舞钢市优化营商环境工作领导小组"
start_date = 2022-01-01
end_date = 2022-12-31
report_day = 28
freeze_days = 12

[weights]
tasks = 0.5
indicators = 0.5

[lists]
red = 3
black = 3

[scoring]
late_per_day = 2
late_floor = 60
overdue_cap = 60
yellow_points = -10
blue_days = 10
coverage_min = 0
""",
}

# ── zhumadian2021 ─────────────────────────────────────────────────────────────────────────────

ZMD_SPECIALS = {
    "企业开办": "kaiban",
    "办理建筑许可": "xuke",
    "获得电力": "dianli",
    "获得用水用气": "shuiqi",
    "不动产登记": "budongchan",
    "缴纳税费": "nashui",
    "跨境贸易": "maoyi",
    "用地保障": "yongdi",
    "劳动力市场监管": "laodong",
    "人才流动便利度": "rencai",
    "获得信贷": "xindai",
    "产业服务": "chanye",
    "政务服务": "zhengwu",
    "政府采购": "caigou",
    "招标投标": "zhaobiao",
    "信用环境": "xinyong",
    "市场监管": "jianguan",
    "市场开放度": "kaifang",
    "企业权益保护": "quanyi",
    "保护中小投资者": "touzizhe",
    "执行合同": "hetong",
    "知识产权创造保护和运用": "zhishi",
    "办理破产": "pochan",
    "创新创业活跃度": "chuangxin",
    "综合立体交通": "jiaotong",
    "蓝天碧水净土森林覆盖指数": "shengtai",
    "公共文化服务满意度": "wenhua",
    "公共养老服务满意度": "yanglao",
    "公共医疗满意度": "yiliao",
    "公共教育满意度": "jiaoyu",
    "企业服务满意度": "qiye",
}

# The plan's ranking goals: these nine indicators in the province's first three (water and gas are one
# special of the plan but two indicators of the goal), the rest in its first six.
ZMD_FIRST_THREE = [
    ("企业开办", "kaiban"),
    ("不动产登记", "budongchan"),
    ("保护中小投资者", "touzizhe"),
    ("缴纳税费", "nashui"),
    ("政务服务", "zhengwu"),
    ("执行合同", "hetong"),
    ("获得电力", "dianli"),
    ("获得用水", "shuiqi"),
    ("获得用气", "shuiqi"),
]

COUNTY_GROUP, ZONE_GROUP = "县区组", "功能区组"
ZMD_REPORTERS = [
    ("411702", "驿城区", "district", COUNTY_GROUP, "驿城;驿城区人民政府"),
    ("411721", "西平县", "county", COUNTY_GROUP, "西平;西平县人民政府"),
    ("411722", "上蔡县", "county", COUNTY_GROUP, "上蔡;上蔡县人民政府"),
    ("411723", "平舆县", "county", COUNTY_GROUP, "平舆;平舆县人民政府"),
    ("411724", "正阳县", "county", COUNTY_GROUP, "正阳;正阳县人民政府"),
    ("411725", "确山县", "county", COUNTY_GROUP, "确山;确山县人民政府"),
    ("411726", "泌阳县", "county", COUNTY_GROUP, "泌阳;泌阳县人民政府"),
    ("411727", "汝南县", "county", COUNTY_GROUP, "汝南;汝南县人民政府"),
    ("411728", "遂平县", "county", COUNTY_GROUP, "遂平;遂平县人民政府"),
    ("411729", "新蔡县", "county", COUNTY_GROUP, "新蔡;新蔡县人民政府"),
    ("4117A1", "城乡一体化示范区", "zone", ZONE_GROUP, "示范区;城乡一体化示范区管委会"),
    ("4117A2", "经济开发区", "zone", ZONE_GROUP, "经开区;经济开发区管委会"),
    ("4117A3", "高新技术产业开发区", "zone", ZONE_GROUP, "高新区;高新技术产业开发区管委会"),
]
COUNTIES = [code for code, _, kind, _, _ in ZMD_REPORTERS if kind != "zone"]
ZONES = [code for code, _, kind, _, _ in ZMD_REPORTERS if kind == "zone"]

# Tasks that not everybody owes. Those of the courts (zones have none) are an editorial decision; the
# others follow the counties and zones that the plan itself names at the task.
ZMD_ASSIGNED = {
    **dict.fromkeys((88, 89, 90, 94, 95), COUNTIES),
    76: ["411725", "411727", "411723", "411724", "411729", "4117A3"],
    77: ["411728", "411725", "4117A3", "411702"],
    104: ["411702", "4117A1", "4117A2", "4117A3"],
    126: ["411702", "4117A2"],
    127: ["411702", "4117A2"],
}

# (id, special, indicator as in the facts, decimals, valid_min, valid_max, numerator, denominator)
PCT = (0, 100)
ZMD_INDICATORS = [
    ("kb_hours", "企业开办", "企业开办办结时间", 1, 0, 240, "", ""),
    ("kb_steps", "企业开办", "企业开办环节", 0, 0, 20, "", ""),
    ("kb_online", "企业开办", "企业开办网上办理率", 1, *PCT, "网上办理件数", "办件总数"),
    ("xk_days", "办理建筑许可", "工程建设项目审批总时长", 1, 0, 365, "", ""),
    ("xk_review", "办理建筑许可", "联合审图率", 1, *PCT, "", ""),
    ("xk_accept", "办理建筑许可", "联合验收率", 1, *PCT, "联合验收项目数", "应联合验收项目数"),
    ("xk_parallel", "办理建筑许可", "并联审批率", 1, *PCT, "", ""),
    (
        "xk_connect",
        "办理建筑许可",
        "供排水、电力等市政设施连通服务时限(接收企业报装信息后)",
        1,
        0,
        60,
        "",
        "",
    ),
    ("dl_high", "获得电力", "高压用电平均接电时长(含前期手续办理)", 1, 0, 180, "", ""),
    ("dl_low", "获得电力", "低压用电平均接电时长(含前期手续办理)", 1, 0, 90, "", ""),
    ("sq_steps", "获得用水用气", "用水用气报装环节", 0, 0, 20, "", ""),
    ("sq_days", "获得用水用气", "用水用气报装办结时限", 1, 0, 90, "", ""),
    ("sq_build", "获得用水用气", "接水接气施工期限(红线外施工条件具备)", 1, 0, 90, "", ""),
    ("sq_small", "获得用水用气", "中小微工业或商贸企业用户施工期限", 1, 0, 90, "", ""),
    ("bdc_general", "不动产登记", "一般登记办理时限", 1, 0, 60, "", ""),
    ("bdc_mortgage", "不动产登记", "抵押类登记办理时限", 1, 0, 60, "", ""),
    ("bdc_other", "不动产登记", "更正、异议、查封、换证、注销等登记办结时限", 1, 0, 240, "", ""),
    ("ns_online", "缴纳税费", "各税(费)可网上申报办理的比例", 1, *PCT, "", ""),
    (
        "ns_services",
        "缴纳税费",
        "纳税人主要涉税服务事项可网上办理比例",
        1,
        *PCT,
        "可网办事项数",
        "涉税服务事项总数",
    ),
    ("ns_refund", "缴纳税费", "企业出口退税平均办理时间(总体)", 1, 0, 90, "", ""),
    ("yd_permits", "用地保障", "土地出让合同签订后四证办理时限", 1, 0, 90, "", ""),
    ("ld_arbitration", "劳动力市场监管", "劳动人事争议仲裁结案率", 1, *PCT, "结案件数", "受理件数"),
    ("xd_relending", "获得信贷", "每个县区运用再贷款资金", 2, 0, 100, "", ""),
    ("xd_capital", "获得信贷", "各县级政府性融资担保机构注册资本", 2, 0, 50, "", ""),
    ("xd_cover", "获得信贷", "县政府性融资担保机构再担保覆盖率", 1, *PCT, "", ""),
    ("xd_days", "获得信贷", "银行机构平均放贷时间", 1, 0, 90, "", ""),
    ("zw_no_visit", "政务服务", "全市不见面审批事项占比", 1, *PCT, "不见面审批事项数", "政务服务事项总数"),
    ("zw_cut", "政务服务", "市县两级政务服务事项承诺办结时限较法定办结时限平均压缩比例", 1, *PCT, "", ""),
    ("zw_instant", "政务服务", "行政许可事项即办件占比", 1, *PCT, "即办件事项数", "行政许可事项总数"),
    ("zw_window", "政务服务", "审批服务事项“一窗分类受理”比例", 1, *PCT, "", ""),
    ("zw_fix", "政务服务", "差评年度核实整改率", 1, *PCT, "已整改差评数", "差评总数"),
    ("zw_complaint", "政务服务", "咨询投诉建议按时办结率", 1, *PCT, "", ""),
    ("cg_sign", "政府采购", "政府采购合同签订期限", 0, 0, 120, "", ""),
    ("cg_file", "政府采购", "政府采购合同备案时限", 0, 0, 60, "", ""),
    ("cg_online", "政府采购", "政府采购网上交易率", 1, *PCT, "", ""),
    ("cg_elec", "政府采购", "政府采购电子化交易率", 1, *PCT, "电子化采购项目数", "采购项目总数"),
    ("zb_elec", "招标投标", "招标投标全流程电子化办理率", 1, *PCT, "全流程电子化项目数", "招标项目总数"),
    ("zb_remote", "招标投标", "远程网上不见面开标率", 1, *PCT, "", ""),
    ("zb_complaint", "招标投标", "合法有效投诉处理率", 1, *PCT, "", ""),
    ("xy_error", "信用环境", "公共信用信息错误率", 2, 0, 1000, "", ""),
    ("xy_late", "信用环境", "公共信用信息迟报率", 1, *PCT, "", ""),
    ("xy_double", "信用环境", "“双公示”信息质量合格率", 1, *PCT, "", ""),
    ("jg_public", "市场监管", "“双随机、一公开”抽查结果公示率", 1, *PCT, "已公示抽查结果数", "抽查结果总数"),
    ("qy_training", "企业权益保护", "涉企法律知识培训次数", 0, 0, 100, "", ""),
    ("qy_inspect", "企业权益保护", "行政执法监督检查次数", 0, 0, 100, "", ""),
    ("ht_filing", "执行合同", "立案审查平均时长", 1, 0, 60, "", ""),
    ("ht_simple", "执行合同", "民事一审案件简易程序适用率", 1, *PCT, "适用简易程序案件数", "民事一审案件数"),
    ("ht_small", "执行合同", "小额诉讼程序适用率", 1, *PCT, "", ""),
    ("ht_days", "执行合同", "商业纠纷平均用时", 0, 0, 1500, "", ""),
    ("ht_exec", "执行合同", "首次执行案件平均办理天数", 0, 0, 1000, "", ""),
    ("pc_days", "办理破产", "破产案件平均审理用时", 0, 0, 3000, "", ""),
    ("pc_recovery", "办理破产", "债权平均回收率", 1, *PCT, "", ""),
    ("st_farmland", "蓝天碧水净土森林覆盖指数", "受污染耕地安全利用率", 1, *PCT, "", ""),
    ("wh_library", "公共文化服务满意度", "县级公共图书馆可用数字资源", 1, 0, 100, "", ""),
    ("wh_outreach", "公共文化服务满意度", "县级公共图书馆每年下基层服务", 0, 0, 1000, "", ""),
    ("wh_show", "公共文化服务满意度", "县级文化馆每年组织流动演出", 0, 0, 1000, "", ""),
    ("wh_exhibit", "公共文化服务满意度", "县级文化馆每年流动展览", 0, 0, 1000, "", ""),
    ("yl_cover", "公共养老服务满意度", "城市社区养老服务设施覆盖率", 1, *PCT, "", ""),
    ("yl_street", "公共养老服务满意度", "街道综合养老服务中心覆盖率", 1, *PCT, "已建中心街道数", "街道总数"),
    ("yl_beds", "公共养老服务满意度", "乡镇敬老院护理型床位占比", 1, *PCT, "", ""),
    (
        "yl_reform",
        "公共养老服务满意度",
        "每个县区公办养老机构社会化运营改革(经济开发区除外)",
        0,
        0,
        50,
        "",
        "",
    ),
    ("jy_primary", "公共教育满意度", "小学生均经费标准", 0, 0, 20000, "", ""),
    ("jy_junior", "公共教育满意度", "初中生均经费标准", 0, 0, 20000, "", ""),
    ("fw_solved", "企业服务满意度", "企业服务问题解决率", 1, *PCT, "已解决问题数", "受理问题总数"),
]

NO_COURT = "功能区不设法院，案件由所在地法院审理"
ZMD_APPLICABILITY = [
    *[
        (indicator, zone, "not_applicable", NO_COURT)
        for indicator in (
            "ht_filing",
            "ht_simple",
            "ht_small",
            "ht_days",
            "ht_exec",
            "pc_days",
            "pc_recovery",
        )
        for zone in ZONES
    ],
    *[
        (indicator, zone, "not_applicable", "功能区不设县级图书馆、文化馆")
        for indicator in ("wh_library", "wh_outreach", "wh_show", "wh_exhibit")
        for zone in ZONES
    ],
    ("yl_reform", "4117A2", "not_applicable", "方案明确经济开发区除外"),
    ("pc_days", "411724", "no_practice", "年内尚无破产案件审结"),
    ("pc_recovery", "411724", "no_practice", "年内尚无破产案件审结"),
    ("xd_cover", "411729", "no_practice", "再担保业务尚未开展"),
]

# ── wugang2022 ────────────────────────────────────────────────────────────────────────────────

WG_SPECIALS = {
    "企业开办": "kaiban",
    "办理建筑许可": "xuke",
    "获得电力": "dianli",
    "获得用水": "yongshui",
    "获得用气": "yongqi",
    "不动产登记": "budongchan",
    "执行合同": "hetong",
    "获得信贷": "xindai",
    "招标投标": "zhaobiao",
    "政府采购": "caigou",
    "政务服务": "zhengwu",
    "市场监管": "jianguan",
    "企业权益保护": "quanyi",
    "信用环境": "xinyong",
    "项目保障": "xiangmu",
    "缴纳税费": "nashui",
    "办理破产": "pochan",
    "知识产权": "zhishi",
    "劳动力市场监管": "laodong",
    "包容普惠创新": "baorong",
}

GOVERNMENT, COURT, SERVICE = "政府部门组", "政法机关组", "公共服务单位组"
WG_REPORTERS = {
    "市发改委": ("fagai", GOVERNMENT),
    "市法院": ("fayuan", COURT),
    "市市场监督管理局": ("shijian", GOVERNMENT),
    "市财政局": ("caizheng", GOVERNMENT),
    "市政务服务和大数据服务中心": ("zhengshu", GOVERNMENT),
    "市人社局": ("renshe", GOVERNMENT),
    "市税务局": ("shuiwu", GOVERNMENT),
    "人行舞钢支行": ("renhang", SERVICE),
    "市工信局": ("gongxin", GOVERNMENT),
    "市公安局": ("gongan", COURT),
    "舞钢市供电公司": ("gongdian", SERVICE),
    "市住建局": ("zhujian", GOVERNMENT),
    "市金融工作局": ("jinrong", GOVERNMENT),
    "市自然资源和规划局": ("ziran", GOVERNMENT),
    "市商务局": ("shangwu", GOVERNMENT),
    "市公共资源交易中心": ("jiaoyi", SERVICE),
    "市交通运输局": ("jiaotong", GOVERNMENT),
    "舞钢银保监组": ("yinbaojian", SERVICE),
    "市医保局": ("yibao", GOVERNMENT),
    "市城管局": ("chengguan", GOVERNMENT),
    "市司法局": ("sifa", COURT),
    "市卫健委": ("weijian", GOVERNMENT),
    "市检察院": ("jianchayuan", COURT),
    "市生态环境局": ("shengtai", GOVERNMENT),
    "市投资项目“一站式”服务中心": ("yizhanshi", SERVICE),
    "平顶山市住房公积金中心舞钢管理部": ("gongjijin", SERVICE),
    "市水利局": ("shuili", GOVERNMENT),
    "市教体局": ("jiaoti", GOVERNMENT),
    "市社保局": ("shebao", GOVERNMENT),
    "市农业农村局": ("nongye", GOVERNMENT),
    "市应急管理局": ("yingji", GOVERNMENT),
    "市民政局": ("minzheng", GOVERNMENT),
    "市委组织部": ("zuzhibu", GOVERNMENT),
    "市文广旅局": ("wenguanglv", GOVERNMENT),
    "市产业集聚区管委会": ("jijuqu", GOVERNMENT),
    "市人民防空办公室": ("renfang", GOVERNMENT),
    "天源水务有限责任公司": ("shuiwu_gs", SERVICE),
    "华晟燃气有限责任公司": ("ranqi_gs", SERVICE),
    "舞钢市经济技术开发区管理委员会": ("jingkaiqu", GOVERNMENT),
    "市重点项目建设领导小组办公室": ("zhongdianban", GOVERNMENT),
    "市林业局": ("linye", GOVERNMENT),
    "市气象局": ("qixiang", GOVERNMENT),
    "市工商联": ("gongshanglian", GOVERNMENT),
    "市政府办": ("zhengfuban", GOVERNMENT),
    "市委宣传部": ("xuanchuanbu", GOVERNMENT),
    "市重点项目服务中心": ("zhongdianzx", SERVICE),
    "市房产事务服务中心": ("fangchan", SERVICE),
}

# Misspelt names of the plan that stay nobody's alias: rule U01 has to find them.
WG_LEFT_MISSPELT = {"市农村农业局", "市政务服务服务和大数据服务中心"}

# Lines of the facts that cannot stand as an indicator of their own: the whole programme's improvement
# goals (they are goals), lines without a target number, and the sub-steps of a table whose sum is an
# indicator already.
WG_GOAL_NAMES = ("营商环境评价指标（较2021年提升幅度）", "营商环境评价各项指标（较2021年提升幅度）")
WG_INDICATORS = [
    ("kb_days", "企业开办", "办理时间", "企业开办办理时间", 1, 0, 60),
    ("kb_online", "企业开办", "企业开办网上办理占比", "", 1, *PCT),
    ("xk_steps", "办理建筑许可", "环节", "办理建筑许可环节", 0, 0, 30),
    ("xk_days", "办理建筑许可", "时间", "办理建筑许可时间", 1, 0, 365),
    ("xk_cost", "办理建筑许可", "成本占比", "办理建筑许可成本占比", 2, *PCT),
    ("xk_first_reg", "办理建筑许可", "社会投资小型低风险产业类项目不动产首次登记办理时间", "", 1, 0, 60),
    ("xk_survey", "办理建筑许可", "环节1时间：工程地质勘察", "工程地质勘察时间", 0, 0, 60),
    ("dl_steps", "获得电力", "普通高压客户参与用电报装环节", "", 0, 0, 20),
    ("dl_t_line", "获得电力", "10千伏接网工程建设时限：线路T接或新、改建架空线", "", 0, 0, 180),
    ("dl_ring", "获得电力", "10千伏接网工程建设时限：新、改建环网柜或分支箱", "", 0, 0, 180),
    ("dl_cable", "获得电力", "10千伏接网工程建设时限：新建电缆线路或开闭所出线", "", 0, 0, 180),
    ("dl_bay", "获得电力", "10千伏接网工程建设时限：新建变电站间隔", "", 0, 0, 180),
    (
        "dl_single",
        "获得电力",
        "用电报装时限：高压单电源普通客户(重要)：合计办理时间（baseline列=现行国家规定时限）",
        "高压单电源客户用电报装合计办理时间",
        0,
        0,
        180,
    ),
    (
        "dl_double",
        "获得电力",
        "用电报装时限：高压双电源普通客户(重要)：合计办理时间（baseline列=现行国家规定时限）",
        "高压双电源客户用电报装合计办理时间",
        0,
        0,
        180,
    ),
    ("ys_steps", "获得用水", "获得用水办理环节", "", 0, 0, 20),
    ("ys_days", "获得用水", "获得用水时间", "", 1, 0, 60),
    ("yq_steps", "获得用气", "获得用气办理环节", "", 0, 0, 20),
    ("yq_days", "获得用气", "获得用气时间", "", 1, 0, 60),
    ("bdc_steps", "不动产登记", "办理环节", "不动产登记办理环节", 0, 0, 20),
    ("bdc_days", "不动产登记", "办理时间", "不动产登记办理时间", 1, 0, 60),
    ("bdc_land", "不动产登记", "土地管理质量指数（0-30）", "", 1, 0, 30),
    ("bdc_easy", "不动产登记", "不动产登记便利度（0-40）", "", 1, 0, 40),
    ("ht_days", "执行合同", "解决商业纠纷平均用时", "", 0, 0, 1500),
    ("ht_cost", "执行合同", "解决商业纠纷成本占索赔额的平均值", "", 1, *PCT),
    ("ht_quality", "执行合同", "司法程序质量指数", "", 1, *PCT),
    ("cg_finance", "政府采购", "政府采购合同融资规模增长", "", 1, "", ""),
    ("zw_users", "政务服务", "移动政务服务能力（注册用户数普及率）", "", 1, *PCT),
    ("zw_items", "政务服务", "移动政务服务能力（上线事项数）", "", 0, 0, 5000),
    ("zw_fix", "政务服务", "实名差评按期整改率", "", 1, *PCT),
    ("zw_complaint", "政务服务", "政务服务平台咨询投诉按期办结率", "", 1, *PCT),
    ("jg_cover", "市场监管", "市场监管领域“双随机、一公开”监管覆盖率", "", 1, *PCT),
    ("xm_invest", "项目保障", "省重点项目年度投资完成率", "", 1, 0, 300),
    ("xm_start", "项目保障", "签约一批开工率", "", 1, *PCT),
    ("xm_produce", "项目保障", "开工一批投产率", "", 1, *PCT),
    ("xm_reach", "项目保障", "投产一批达效率", "", 1, *PCT),
    ("ns_times", "缴纳税费", "纳税次数", "", 0, 0, 60),
    ("ns_hours", "缴纳税费", "纳税时间", "", 2, 0, 1000),
    ("ns_rate", "缴纳税费", "总税收和缴费率", "", 2, *PCT),
    ("ns_post", "缴纳税费", "报税后流程指数", "", 1, *PCT),
    ("pc_years", "办理破产", "破产案件收回债务所需时间", "", 1, 0, 20),
    ("pc_cost", "办理破产", "破产案件收回债务所需成本", "", 1, *PCT),
    ("pc_recovery", "办理破产", "破产案件债权回收率", "", 1, *PCT),
    ("br_hightech", "包容普惠创新", "高新技术企业数量", "", 0, 0, 5000),
    ("br_smes", "包容普惠创新", "科技型中小企业数量", "", 0, 0, 5000),
    ("br_contract", "包容普惠创新", "全市技术合同成交额增幅", "", 1, "", ""),
    ("br_forest", "包容普惠创新", "国土绿化面积", "", 2, 0, 100),
    ("br_green", "包容普惠创新", "新增城市绿地面积", "", 1, 0, 1000),
]
# Who reports an indicator when it is not the special's leading department.
WG_INDICATOR_REPORTER = {
    "xk_first_reg": "ziran",
    "xk_cost": "zhujian",
    "xk_survey": "zhujian",
    "ys_steps": "shuiwu_gs",
    "ys_days": "shuiwu_gs",
    "yq_steps": "ranqi_gs",
    "yq_days": "ranqi_gs",
    "br_forest": "linye",
    "br_green": "chengguan",
}
WG_APPLICABILITY = [("pc_years", "fayuan", "no_practice", "上半年尚无破产案件审结")]


def default_gold_dir() -> Path:
    """Folder of the hand-checked facts: ``$TAIZHANG_SHARED/gold``, else ``../shared/gold`` beside it all."""
    shared = os.environ.get("TAIZHANG_SHARED")
    return (Path(shared) if shared else Path(__file__).resolve().parents[2].parent / "shared") / "gold"


def build_registries(registry_dir: Path, gold_dir: Path | None = None) -> None:
    """Write ``registry_dir/<programme>/*`` for both programmes; FileNotFoundError when the facts are
    absent.
    """
    gold = gold_dir or default_gold_dir()
    _write(registry_dir / ZMD, ZMD, _zhumadian(gold / ZMD))
    _write(registry_dir / WG, WG, _wugang(gold / WG))


def _write(folder: Path, programme_id: str, tables: dict[str, list[dict]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "programme.toml").write_bytes(PROGRAMME_TOML[programme_id].encode())
    for table, rows in tables.items():
        assert table in REGISTRY_COLUMNS, table
        write_registry_table(folder, table, rows)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def _label(title: str) -> str:
    """The heading as a label: ASCII commas between Chinese words are the source's typing, a full stop
    is dropped.
    """
    label = title.strip().rstrip("。").replace(",", "，")
    return label if len(label) <= TITLE_MAX else label[: TITLE_MAX - 1] + "…"


def _unit_of_measure(printed: str) -> str:
    return printed.removeprefix("个") if printed.startswith("个工作") else printed


def _number(text: str) -> str:
    """A number as short as it is written: ``2.0`` → ``2``."""
    return f"{float(text):g}" if text else ""


def _units(gold_units: list[dict], leave_out: set[str]) -> list[dict]:
    """units.csv: one line per canonical name in order of first appearance, printed variants as aliases."""
    aliases: dict[str, list[str]] = {}
    for row in gold_units:
        names = aliases.setdefault(row["canonical_name"], [])
        raw = row["raw_name"]
        if raw not in (row["canonical_name"], *leave_out) and raw not in names:
            names.append(raw)
    return [
        {"unit_id": f"u{number:03d}", "name": name, "aliases": ";".join(names)}
        for number, (name, names) in enumerate(aliases.items(), start=1)
    ]


def _owners(roles: list[tuple[str, str]], canonical: dict[str, str], collective: set[str]) -> list[str]:
    """Canonical single departments of role lead, else sole, else joint, else by_duty, in file order."""
    for role in ("lead", "sole", "joint", "by_duty"):
        owners = [canonical[unit] for unit, given in roles if given == role]
        owners = [name for name in dict.fromkeys(owners) if name not in collective]
        if owners:
            return owners
    return []


def _common(
    gold: Path, prefix: str, specials: dict[str, str], source: str, seq_column: str, title_column: str
):
    """Tables both registries build the same way, and the owners of every task."""
    tasks, responsibility = _read(gold / "tasks.csv"), _read(gold / "responsibility.csv")
    unit_rows = _read(gold / "units.csv")
    canonical = {row["raw_name"]: row["canonical_name"] for row in unit_rows}
    collective = {row["canonical_name"] for row in unit_rows if "collective" in row["note"]}
    roles = defaultdict(list)
    for row in responsibility:
        roles[row[seq_column]].append((row["unit_raw"], row["role"]))
    repeated = Counter(_label(task[title_column]) for task in tasks)
    seen: Counter[str] = Counter()
    task_rows, owners, lead_count = [], {}, defaultdict(Counter)
    for task in tasks:
        title = _label(task[title_column])
        if (
            repeated[title] > 1
        ):  # one heading over several measures: number them, or nobody can tell them apart
            seen[title] += 1
            title = f"{title}（{seen[title]}）"
        task_id = f"{prefix}{int(task['seq']):03d}"
        task_rows.append(
            {
                "task_id": task_id,
                "seq": task["seq"],
                "special_id": specials[task["special"]],
                "title": title,
                "deadline_text": task["deadline_raw"],
                "weight": "",
                "start_date": "",
                "source": source.format(task["seq"]),
            }
        )
        owners[task_id] = _owners(roles[task["seq"]], canonical, collective)
        lead_count[specials[task["special"]]].update(owners[task_id])
    leaders = {special: counts.most_common(1)[0][0] for special, counts in lead_count.items()}
    responsibilities = [
        {"task_id": f"{prefix}{int(row[seq_column]):03d}", "unit_name": row["unit_raw"], "role": row["role"]}
        for row in responsibility
    ]
    special_rows = [
        {"special_id": code, "name": name, "weight": "", "lead_unit": leaders[code]}
        for name, code in specials.items()
    ]
    tables = {"specials": special_rows, "tasks": task_rows, "responsibilities": responsibilities}
    return tables, unit_rows, owners, leaders


def _zhumadian(gold: Path) -> dict[str, list[dict]]:
    tables, unit_rows, _, _ = _common(gold, "zmd", ZMD_SPECIALS, "方案第{}项", "seq_or_section", "title")
    facts = defaultdict(list)
    for row in _read(gold / "indicators.csv"):
        facts[row["special"], row["indicator"]].append(row)
    indicators, targets = [], []
    for code, special, name, decimals, low, high, numerator, denominator in ZMD_INDICATORS:
        rows = facts[special, name]
        assert rows, (special, name)
        indicators.append(
            _indicator(
                code, ZMD_SPECIALS[special], name, rows[-1], decimals, low, high, numerator, denominator
            )
        )
        # a target that holds all year has no date in the plan: it is that of the plan's end
        targets += [
            {
                "indicator_id": code,
                "due_date": row["target_date"] or "2021-12-31",
                "target": _number(row["target_value"]),
            }
            for row in rows
        ]
    goals = [_rank_goal(number, special, 3) for number, (_, special) in enumerate(ZMD_FIRST_THREE, start=1)]
    named = {special for _, special in ZMD_FIRST_THREE}
    rest = [special for special in ZMD_SPECIALS.values() if special not in named]
    goals += [_rank_goal(number, special, 6) for number, special in enumerate(rest, start=len(goals) + 1)]
    goals.append(_rank_goal(len(goals) + 1, "", 3))
    # Places in the province's evaluation are invented (示例数据): the plan has goals, no results.
    places = {"2021Q2": 3, "2021Q3": 2, "2021Q4": 1}
    results = [
        {
            "goal_id": goal["goal_id"],
            "period": period,
            "actual": str(max(1, int(goal["top_n"]) + (number * 7 + late * 3) % 5 - 3 + late)),
            "source": "示例数据",
        }
        for number, goal in enumerate(goals)
        for period, late in places.items()
        if not (period == "2021Q2" and number % 3)  # the mid-year evaluation covers a third of them
    ]
    return tables | {
        "reporters": [
            dict(zip(("reporter_id", "name", "kind", "group", "aliases"), line, strict=True))
            | {"parent_id": ""}
            for line in ZMD_REPORTERS
        ],
        "units": _units(unit_rows, set()),
        "indicators": indicators,
        "targets": targets,
        "goals": goals,
        "goal_results": results,
        "assignments": [
            {"task_id": f"zmd{seq:03d}", "reporter_id": reporter, "indicator_id": ""}
            for seq, reporters in sorted(ZMD_ASSIGNED.items())
            for reporter in sorted(reporters)
        ],
        "applicability": [
            dict(zip(("indicator_id", "reporter_id", "state", "reason"), line, strict=True))
            for line in ZMD_APPLICABILITY
        ],
    }


def _wugang(gold: Path) -> dict[str, list[dict]]:
    tables, unit_rows, owners, leaders = _common(gold, "wg", WG_SPECIALS, "附件22第{}项", "seq", "direction")
    facts = defaultdict(list)
    for row in _read(gold / "indicators.csv") + _read(gold / "indicators_extra.csv"):
        facts[row["special"], row["indicator"]].append(row)
    indicators, targets, assignments = [], [], []
    special_of = {task["task_id"]: task["special_id"] for task in tables["tasks"]}
    for task_id, units in owners.items():
        # a task of collectives only falls to the department that leads its special
        for unit in units or [leaders[special_of[task_id]]]:
            assignments.append({"task_id": task_id, "reporter_id": WG_REPORTERS[unit][0], "indicator_id": ""})
    for code, special, name, shown, decimals, low, high in WG_INDICATORS:
        rows = facts[special, name]
        assert rows, (special, name)
        indicators.append(
            _indicator(code, WG_SPECIALS[special], shown or name, rows[-1], decimals, low, high)
        )
        targets += [
            {
                "indicator_id": code,
                "due_date": row["target_date"] or "2022-12-31",
                "target": _number(row["target_value"]),
            }
            for row in rows
            if row["target_value"]
        ]
        reporter = WG_INDICATOR_REPORTER.get(code) or WG_REPORTERS[leaders[WG_SPECIALS[special]]][0]
        assignments.append({"task_id": "", "reporter_id": reporter, "indicator_id": code})
    goals = []
    for (special, name), rows in facts.items():
        if name in WG_GOAL_NAMES:
            goals.append(
                {
                    "goal_id": f"g{len(goals) + 1:02d}",
                    "kind": "improvement",
                    "special_id": WG_SPECIALS.get(special, ""),  # 总体: the whole programme
                    "indicator_id": "",
                    "top_n": "",
                    "improvement_pct": _number(rows[0]["target_value"]),
                    "due_date": rows[0]["target_date"],
                    "scope": "issuer",
                }
            )
    return tables | {
        "reporters": [
            {
                "reporter_id": code,
                "name": name,
                "kind": "department",
                "parent_id": "",
                "group": group,
                "aliases": "",
            }
            for name, (code, group) in WG_REPORTERS.items()
        ],
        "units": _units(unit_rows, WG_LEFT_MISSPELT),
        "indicators": indicators,
        "targets": targets,
        "goals": goals,
        "goal_results": [
            {"goal_id": goal["goal_id"], "period": "2022Q2", "actual": actual, "source": "示例数据"}
            for goal, actual in zip(goals[:4], ("3.2", "6.5", "11.8", "4.1"), strict=True)
        ],
        "assignments": assignments,
        "applicability": [
            dict(zip(("indicator_id", "reporter_id", "state", "reason"), line, strict=True))
            for line in WG_APPLICABILITY
        ],
    }


def _indicator(code, special_id, name, fact, decimals, low, high, numerator="", denominator="") -> dict:
    return {
        "indicator_id": code,
        "special_id": special_id,
        "name": name,
        "unit": _unit_of_measure(fact["unit"]),
        "polarity": fact["direction_better"],
        "decimals": decimals,
        "baseline": _number(fact["baseline_value"]),
        "frontier": _number(fact.get("frontier_value", "")),
        "worst": "",
        "method": "auto",
        "exponent": "",
        "weight": "",
        "valid_min": low,
        "valid_max": high,
        "numerator": numerator,
        "denominator": denominator,
        "multiplier": 100 if numerator else "",
    }


def _rank_goal(number: int, special_id: str, top_n: int) -> dict:
    return {
        "goal_id": f"g{number:02d}",
        "kind": "rank",
        "special_id": special_id,
        "indicator_id": "",
        "top_n": top_n,
        "improvement_pct": "",
        "due_date": "2021-12-31",
        "scope": "issuer",
    }
