#!/bin/bash
# Eight Slurm tasks answer an eighth of questions.jsonl each.
#
#   sbatch slurm-array.sh
#   llava batch merge questions.jsonl 'answers.*-of-8.jsonl' -o answers.jsonl
#
# Task 3 failed? Look at its log, then: sbatch --array=3 slurm-array.sh
#SBATCH --job-name=llava
#SBATCH --array=0-7
#SBATCH --time=04:00:00
#SBATCH --output=llava-%a.log
#SBATCH --open-mode=append
# A minute before the time limit, llava is told to end, and the task goes back into the queue.
#SBATCH --signal=USR1@60
#SBATCH --requeue
# With GPUs, remove one #:
##SBATCH --gpus-per-task=1

srun llava batch questions.jsonl -o answers.jsonl --image-folder pictures --shard auto --shards 8 --resume
code=$?
if [ "$code" -eq 75 ]; then
  scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
fi
exit "$code"
