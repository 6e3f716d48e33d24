
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_password_age'),
    ]

    operations = [
        migrations.AddField(
            model_name='apitoken',
            name='role',
            field=models.CharField(default='manager', max_length=8),
        ),
    ]
