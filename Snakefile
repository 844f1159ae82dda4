# The study as a graph: one rule per notebook, three that render people, three of further fits, one for the report.
#
# A rule's input `code` is a small file that changes only when the stage's own code or settings change; its output is the
# provenance file, which the stage writes last. Everything else a stage writes stays when it is interrupted, so long work resumes.
# Started by `facefair study`, which writes the `code` files first, in the folder of the results: paths are relative to it,
# so that whatever that folder is called is no pattern here. Every value reaches the shell quoted (`:q`); of an empty one
# nothing would be left, hence `--data=`.
#
# On a cluster, work that a stage does many times over is spread over jobs of the rule `shard`. They leave what the stage
# recalls, people and fits, and an empty file each; then the stage itself has only to put together what is there.
import sys

from facefair_lib.settings import paths
from facefair_lib.settings.labels import GROUPS
from facefair_lib.settings.profiles import load_profile
from facefair_lib.store import stages as study

CORES = config["cores"]
HALF = max(1, CORES // 2)  # of most stages, so that two run side by side; priorities start first what most waits for
DATA, PHOTOS = config["data"], config["photos"]
COHORT, EXPERIMENT, REPORT = study.COHORT, study.EXPERIMENT, study.REPORT
COUNTERFACTUALS, COMPOSITION, COMPARISON = study.COUNTERFACTUALS, study.COMPOSITION, study.COMPARISON
RUNS, ANSWER = study.RUNS, study.ANSWER
PYTHON = sys.executable
ROOT = config["root"]  # of the results, if jobs run on other machines: what they print goes there, to be shown by `study`
RUN = (
    "{PYTHON:q} -m facefair_lib stage {params.stage} --profile={wildcards.profile:q} --cores={threads}"
    " --data={params.data:q} --photos={params.photos:q}"
)
KEEP = " >> {ROOT:q}/{config[profile]}/logs/{wildcards.profile}-{params.stage}.log 2>&1" if ROOT else ""
# Where Snakemake copies files between machines, it looks for them elsewhere than stages write them.
SEND = " && (test {MADE} -ef {output:q} || cp -p {MADE} {output:q})".replace(
    "{MADE}", "{ROOT:q}/{wildcards.profile}/{params.stage}/provenance.json"
)
AFTER = KEEP + SEND if ROOT else ""
SHARDS = {  # into how many jobs a stage's work is split on a cluster, if into several
    COHORT: lambda profile: profile.cohort.real // 100,
    EXPERIMENT: lambda profile: profile.experiment.people_per_cell // 10,
    COUNTERFACTUALS: lambda profile: profile.counterfactuals.identities // 10,
    COMPOSITION: lambda profile: 1 + 2 * len(GROUPS),  # one for each composition
    COMPARISON: lambda profile: len(profile.comparison.networks) if profile.comparison else 0,
    RUNS: lambda profile: profile.runs * len(study.TRAINING_STAGES),
}
NEEDS = {  # what these stages, and so their shards, read
    COMPOSITION: ["01_data_preparation", EXPERIMENT],
    COMPARISON: ["01_data_preparation", EXPERIMENT],
    RUNS: ["01_data_preparation", "02_train_deeplabv3", "03_train_pspnet", EXPERIMENT, COUNTERFACTUALS],
}


def done(stage):
    """The file that says a stage is complete."""
    return f"{{profile}}/{stage}/provenance.json"


def code(stage):
    """The file that changes with a stage's code and settings."""
    return f"{{profile}}/.digests/{stage}.txt"


def shards(stage):
    """What says that all shards of a stage are done; nothing where it is not split."""

    def marks(wildcards):
        count = SHARDS[stage](load_profile(wildcards.profile)) if ROOT else 0
        return [f"{wildcards.profile}/.digests/{stage}.{k}-{count}" for k in range(1, count + 1) if count > 1]

    return marks


def what_a_shard_needs(wildcards):
    """What its stage needs; and the first shard, which clears away what another version of the code or settings left."""
    needed = [done(stage).format(profile=wildcards.profile) for stage in NEEDS.get(wildcards.stage, [])]
    first = f"{wildcards.profile}/.digests/{wildcards.stage}.1-{wildcards.n}"
    return needed + [first] * (wildcards.k != "1" and wildcards.stage not in (RUNS, COMPARISON))


def data_for(wildcards):
    """The data folder belongs to the profile that was asked for; profiles it builds on use rendered people."""
    return DATA if wildcards.profile == config["profile"] else ""


def photos_for(wildcards):
    """Likewise the user's own photographs."""
    return PHOTOS if wildcards.profile == config["profile"] else ""


def people_to_prepare(wildcards):
    """Only rendered data must be made first."""
    rendered = load_profile(wildcards.profile).data.source == "rendered"
    return [done(COHORT).format(profile=wildcards.profile)] if rendered else []


def weights_to_transfer(stage):
    """Fits of another profile that are scored on this profile's photographs."""

    def fits(wildcards):
        other = load_profile(wildcards.profile).transfer_from
        return [done(stage).format(profile=other)] if other else []

    return fits


def of_the_mitigation(stage):
    """The same stage of the profile whose training people are meant to close a gap."""

    def others(wildcards):
        other = load_profile(wildcards.profile).mitigated_by
        return [done(stage).format(profile=other)] if other else []

    return others


def rendered_there(stage):
    """What that profile renders is copied from there; rendered side by side, it would be rendered twice."""
    return [] if ROOT else of_the_mitigation(stage)


def cores_to_compare(wildcards):
    """All where networks are compared: no other stage may run while their speed is measured."""
    return CORES if load_profile(wildcards.profile).comparison else 1


wildcard_constraints:
    profile="[^/]+",


envvars:
    *paths.absolute_variables(),


# With as many cores as it would have on one machine beside the others: sums on other threads end in other digits.
rule shard:
    input: what_a_shard_needs, code=code("{stage}")
    output: touch("{profile}/.digests/{stage}.{k}-{n}")
    params: stage="{stage}", data="", photos=""
    threads: lambda wildcards: max(1, CORES // int(wildcards.n))
    wildcard_constraints: stage="|".join(SHARDS), k="[0-9]+", n="[0-9]+",
    shell: RUN + " --shard={wildcards.k}/{wildcards.n}" + KEEP.replace(".log", "-{wildcards.k}.log")


rule cohort:
    input: shards(COHORT), code=code(COHORT)
    output: done(COHORT)
    params: stage=COHORT, data="", photos=""
    threads: CORES
    priority: 200  # more than what could run beside each other in its place: priorities add up
    shell: RUN + AFTER


rule experiment:
    input: shards(EXPERIMENT), rendered_there(EXPERIMENT), code=code(EXPERIMENT)
    output: done(EXPERIMENT)
    params: stage=EXPERIMENT, data="", photos=""
    threads: HALF
    priority: 65
    shell: RUN + AFTER


rule counterfactuals:
    input: shards(COUNTERFACTUALS), rendered_there(COUNTERFACTUALS), code=code(COUNTERFACTUALS)
    output: done(COUNTERFACTUALS)
    params: stage=COUNTERFACTUALS, data="", photos=""
    threads: HALF
    priority: 50
    shell: RUN + AFTER


rule data_preparation:
    input: people_to_prepare, code=code("01_data_preparation")
    output: done("01_data_preparation")
    params: stage="01_data_preparation", data=data_for, photos=""
    threads: HALF
    priority: 150
    shell: RUN + AFTER


# The two fits run side by side, each on half of the cores: that is faster than one after the other on all of them.
rule train_deeplabv3:
    input: done("01_data_preparation"), weights_to_transfer("02_train_deeplabv3"), code=code("02_train_deeplabv3")
    output: done("02_train_deeplabv3")
    params: stage="02_train_deeplabv3", data="", photos=""
    threads: HALF
    priority: 60
    shell: RUN + AFTER


rule train_pspnet:
    input: done("01_data_preparation"), weights_to_transfer("03_train_pspnet"), code=code("03_train_pspnet")
    output: done("03_train_pspnet")
    params: stage="03_train_pspnet", data="", photos=""
    threads: HALF
    priority: 70
    shell: RUN + AFTER


rule composition:
    input: *map(done, NEEDS[COMPOSITION]), shards(COMPOSITION), code=code(COMPOSITION)
    output: done(COMPOSITION)
    params: stage=COMPOSITION, data="", photos=""
    threads: HALF
    priority: 45
    shell: RUN + AFTER


rule comparison:
    input: *map(done, NEEDS[COMPARISON]), shards(COMPARISON), code=code(COMPARISON)
    output: done(COMPARISON)
    params: stage=COMPARISON, data="", photos=""
    threads: cores_to_compare
    priority: 35
    shell: RUN + AFTER


# Each run has one core of its own, so the stage takes all.
rule runs:
    input: *map(done, NEEDS[RUNS]), shards(RUNS), code=code(RUNS)
    output: done(RUNS)
    params: stage=RUNS, data="", photos=""
    threads: 1 if ROOT else CORES  # on a cluster it finds its runs done
    priority: 55
    shell: RUN + AFTER


rule metric_analysis:
    input: done("01_data_preparation"), done("02_train_deeplabv3"), done("03_train_pspnet"), code=code("04_metric_analysis")
    output: done("04_metric_analysis")
    params: stage="04_metric_analysis", data="", photos=""
    threads: 1
    shell: RUN + AFTER


rule ethnicity_emotion_experiment:
    input: done(EXPERIMENT), done("02_train_deeplabv3"), done("03_train_pspnet"), code=code("05_ethnicity_emotion_experiment")
    output: done("05_ethnicity_emotion_experiment")
    params: stage="05_ethnicity_emotion_experiment", data="", photos=photos_for
    threads: HALF
    priority: 29
    shell: RUN + AFTER


rule reproduction_audit:
    input: people_to_prepare, done("01_data_preparation"), code=code("06_reproduction_audit")
    output: done("06_reproduction_audit")
    params: stage="06_reproduction_audit", data="", photos=""
    threads: HALF
    priority: 48
    shell: RUN + AFTER


rule counterfactual_fairness:
    input:
        *(done(stage) for stage in (COUNTERFACTUALS, EXPERIMENT, COMPOSITION, RUNS)),
        *(done(stage) for stage in ("01_data_preparation", "02_train_deeplabv3", "03_train_pspnet")),
        code=code("07_counterfactual_fairness"),
    output: done("07_counterfactual_fairness")
    params: stage="07_counterfactual_fairness", data="", photos=""
    threads: HALF
    priority: 30
    shell: RUN + AFTER


rule real_photographs:
    input:
        done("01_data_preparation"), done("02_train_deeplabv3"), done("03_train_pspnet"),
        weights_to_transfer("02_train_deeplabv3"), weights_to_transfer("03_train_pspnet"),
        code=code("08_real_photographs"),
    output: done("08_real_photographs")
    params: stage="08_real_photographs", data="", photos=""
    threads: 1
    priority: 28
    shell: RUN + AFTER


rule model_comparison:
    input:
        done("02_train_deeplabv3"), done("03_train_pspnet"), done("05_ethnicity_emotion_experiment"), done(COMPARISON),
        code=code("09_model_comparison"),
    output: done("09_model_comparison")
    params: stage="09_model_comparison", data="", photos=""
    threads: CORES  # it measures speed as well
    shell: RUN + AFTER


rule answer:
    input:
        *(done(stage) for stage in ("01_data_preparation", EXPERIMENT, COUNTERFACTUALS, RUNS)),
        of_the_mitigation(RUNS), code=code(ANSWER),
    output: done(ANSWER)
    params: stage=ANSWER, data="", photos=""
    threads: 1
    priority: 27
    shell: RUN + AFTER


rule report:
    input:
        *(done(stage) for stage in study.NOTEBOOK_STAGES if stage >= "04"),
        code=code(REPORT),
    output: done(REPORT)
    params: stage=REPORT, data="", photos=""
    threads: 1
    shell: RUN + AFTER
