"""What stands for a promise in somebody's own list of tasks"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mirrored_task",
        sa.Column("promise_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("due", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["promise_id"], ["promise.id"]),
        sa.PrimaryKeyConstraint("promise_id"),
        sa.UniqueConstraint("key"),
    )
    with op.batch_alter_table("mirrored_task", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mirrored_task_task"), ["task"])


def downgrade() -> None:
    op.drop_table("mirrored_task")
